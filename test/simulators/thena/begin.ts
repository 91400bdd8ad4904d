/** A simulated Thena, and a vendor that speaks to it, for one test. */
import { expect, onTestFinished } from 'vitest'
import { createThena } from '../../../server/vendors/thena/thena.ts'
import { ThenaConfig } from '../../../server/vendors/thena/wire.ts'
import { call, having, openingOf, refOf, tagOf } from '../../server/vendors/suite/parts.ts'
import { startThenaSimulator, type ThenaOptions } from './simulator.ts'

export async function begin(options: ThenaOptions = {}, configured: object = {}) {
  const simulator = await startThenaSimulator(options)
  onTestFinished(async () => {
    await simulator.close()
    expect(simulator.violations).toEqual([])
  })
  const drift: string[] = []
  const hidden: string[] = []
  let now = Date.now()
  const vendor = createThena(ThenaConfig.parse({ ...simulator.config, ...configured }), {
    clock: { now: () => new Date(now) },
    onDrift: (_, what) => drift.push(what),
    tagOf,
    onHidden: (_, what) => hidden.push(what),
  })
  const open = async (changes = {}) => (await vendor.open(openingOf(changes), call())).vendorTicketId
  const read = (id: string) => having(vendor.read)(refOf(id), call())
  const received = (name: string) => simulator.received.filter((one) => one.call === name)
  const wait = (ms: number) => {
    now += ms
  }
  return { simulator, vendor, drift, hidden, open, read, received, wait }
}
