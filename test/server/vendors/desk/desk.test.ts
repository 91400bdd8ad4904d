/** The built-in desk, by the suite for all vendors. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDesk } from '../../../simulators/desk/simulator.ts'
import { call, openingOf, refOf, type Scene, setScene } from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

vendorSuite('The built-in desk', startDesk, { knowsOwners: true, isRemote: false })

let scene: Scene

beforeEach(async () => {
  scene = await setScene(startDesk)
})

afterEach(() => scene.end())

it('opens once and replies once, however often it is told the same', async () => {
  const opening = openingOf()
  const [{ vendorTicketId }, again] = [
    await scene.vendor.open(opening, call()),
    await scene.vendor.open(opening, call()),
  ]
  expect(again.vendorTicketId).toBe(vendorTicketId)
  const reply = { ...refOf(vendorTicketId), mark: 'mk-1', message: 'Noch da?', sentAt: new Date(), files: [] }
  await scene.vendor.reply?.(reply, call())
  await scene.vendor.reply?.(reply, call())
  expect(scene.simulator.tickets()).toHaveLength(1)
  expect(scene.simulator.tickets()[0]?.lines.filter((line) => line === 'Noch da?')).toHaveLength(1)
})
