/** A Threada adapter over its simulator, for the tests of what is peculiar to it. */
import { expect, onTestFinished } from 'vitest'
import { createThreada } from '../../../server/vendors/threada/threada.ts'
import { ThreadaConfig } from '../../../server/vendors/threada/wire.ts'
import { call, openingOf, tagOf } from '../../server/vendors/suite/parts.ts'
import { startThreadaSimulator, type ThreadaOptions } from './simulator.ts'

export async function begin(options: ThreadaOptions = {}, config: Record<string, unknown> = {}) {
  const simulator = await startThreadaSimulator(options)
  onTestFinished(async () => {
    await simulator.close()
    expect(simulator.violations).toEqual([])
  })
  const drift: string[] = []
  const hidden: string[] = []
  const vendor = createThreada(ThreadaConfig.parse({ ...simulator.config, ...config }), {
    clock: { now: () => new Date() },
    onDrift: (_, what) => drift.push(what),
    tagOf,
    onHidden: (_, what) => hidden.push(what),
  })
  const open = async (changes = {}) => (await vendor.open(openingOf(changes), call())).vendorTicketId
  const calls = () => simulator.received.map((one) => one.call)
  return { simulator, vendor, drift, hidden, open, calls }
}
