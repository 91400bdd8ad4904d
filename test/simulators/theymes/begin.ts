/** A simulated Theymes, and a vendor that speaks to it, for one test. */
import { expect, onTestFinished } from 'vitest'
import { createTheymes } from '../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../server/vendors/theymes/wire.ts'
import { call, having, openingOf, startVendorRelay } from '../../server/vendors/suite/parts.ts'
import { startTheymesSimulator } from './simulator.ts'

export async function begin() {
  const simulator = await startTheymesSimulator()
  const fixture = await startVendorRelay(async (parts) => ({
    vendor: createTheymes(TheymesConfig.parse(simulator.config), parts),
    simulator,
  }))
  onTestFinished(async () => {
    await fixture.end()
    expect(simulator.violations).toEqual([])
  })
  const { vendor, drift, hidden } = fixture
  const open = async (changes: Parameters<typeof openingOf>[0] = {}) =>
    (await vendor.open(openingOf(changes), call())).vendorTicketId
  const find = (opening = openingOf()) => having(vendor.findOpened)(opening, call())
  return { simulator, vendor, drift, hidden, open, find }
}
