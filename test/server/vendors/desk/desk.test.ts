/** The built-in desk, by the suite for all vendors. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDesk } from '../../../simulators/desk/simulator.ts'
import { call, openingOf, type RelayFixture, refOf, startVendorRelay } from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

vendorSuite('The built-in desk', startDesk, { knowsOwners: true, isRemote: false })

let fixture: RelayFixture

beforeEach(async () => {
  fixture = await startVendorRelay(startDesk)
})

afterEach(() => fixture.end())

it('opens once and replies once, however often it is told the same', async () => {
  const opening = openingOf()
  const [{ vendorTicketId }, again] = [
    await fixture.vendor.open(opening, call()),
    await fixture.vendor.open(opening, call()),
  ]
  expect(again.vendorTicketId).toBe(vendorTicketId)
  const reply = { ...refOf(vendorTicketId), mark: 'mk-1', message: 'Noch da?', sentAt: new Date(), files: [] }
  await fixture.vendor.reply?.(reply, call())
  await fixture.vendor.reply?.(reply, call())
  expect(fixture.simulator.tickets()).toHaveLength(1)
  expect(fixture.simulator.tickets()[0]?.lines.filter((line) => line === 'Noch da?')).toHaveLength(1)
})
