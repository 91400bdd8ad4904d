/** Opening at Zaia takes two requests: what either of them leaves behind when it is carried out late. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { VendorConfig } from '../../../../server/vendors/registry.ts'
import { vendorOf } from '../../../fixtures/vendor-of.ts'
import { until } from '../../../fixtures/wait.ts'
import { startZaiaSimulator } from '../../../simulators/zaia/simulator.ts'
import { call, codeOf, having, openingOf, type RelayFixture, startVendorRelay } from '../suite/parts.ts'
import { holding, linesWith } from '../suite/world.ts'

const lateMs = 17_000
let fixture: RelayFixture

beforeEach(async () => {
  fixture = await startVendorRelay(async (parts) => {
    const simulator = await startZaiaSimulator({ chatOnSight: true })
    return { simulator, vendor: vendorOf(VendorConfig.parse(simulator.config), parts) }
  })
})

afterEach(async () => {
  await fixture.end()
  expect(fixture.simulator.violations).toEqual([])
})

it('takes a ticket that was made late and has no words for no opening, and puts the words into it', async () => {
  const { vendor, simulator } = fixture
  const opening = openingOf({ message: 'Einmal.' })
  simulator.world.commitLate({ call: 'POST /api/v1/tickets', afterMs: lateMs })
  const caller = new AbortController()
  const code = codeOf(vendor.open(opening, caller.signal))
  await until(() => simulator.world.pending() === 1, 'the vendor has the request')
  caller.abort()
  expect(await code).toBe('unreachable')
  await simulator.pass(lateMs)
  expect(simulator.tickets()).toHaveLength(1)
  expect(await having(vendor.findOpened)(opening, call())).toBeUndefined()
  const { vendorTicketId } = await vendor.open(opening, call())
  expect(simulator.tickets().map((ticket) => ticket.vendorTicketId)).toEqual([vendorTicketId])
  expect(linesWith(fixture, 'Einmal.')).toHaveLength(1)
})

it('finds the ticket with words although the one without came later', async () => {
  const { vendor, simulator } = fixture
  const opening = openingOf()
  simulator.world.repeat('POST /api/v1/tickets')
  await vendor.open(opening, call())
  const [made, ...more] = holding(fixture, opening.mark)
  expect(more).toEqual([])
  expect((await having(vendor.findOpened)(opening, call()))?.vendorTicketId).toBe(made)
})
