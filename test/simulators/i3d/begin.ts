/** An i3D.net adapter over its simulator, for the tests of what is peculiar to it. */
import { expect, onTestFinished } from 'vitest'
import { createI3d } from '../../../server/vendors/i3d/i3d.ts'
import { I3dConfig } from '../../../server/vendors/i3d/wire.ts'
import { call, having, openingOf, refOf, tagOf } from '../../server/vendors/suite/parts.ts'
import { type I3dOptions, startI3dSimulator } from './simulator.ts'

export async function begin(options: I3dOptions = {}, config: Record<string, unknown> = {}) {
  const simulator = await startI3dSimulator(options)
  onTestFinished(async () => {
    await simulator.close()
    expect(simulator.violations).toEqual([])
  })
  const drift: string[] = []
  const hidden: string[] = []
  const vendor = createI3d(I3dConfig.parse({ ...simulator.config, ...config }), {
    clock: { now: () => new Date() },
    onDrift: (_, what) => drift.push(what),
    tagOf,
    onHidden: (_, what) => hidden.push(what),
  })
  const open = async (changes = {}) => (await vendor.open(openingOf(changes), call())).vendorTicketId
  const read = (id: string) => having(vendor.read)(refOf(id), call())
  const received = (name: string) => simulator.received.filter((one) => one.call === name)
  return { simulator, vendor, drift, hidden, open, read, received }
}
