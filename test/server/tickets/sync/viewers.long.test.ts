/**
 * What a vendor is asked, against the number of players who look on, in virtual time: the product's reader and adapters over
 * each vendor's simulator. Two thousand at every vendor take minutes: `npm run test:viewers`.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { createVirtual, type OpenTicket, type Virtual } from '../../../fixtures/virtual-accounts.ts'
import type { SimulatorName } from '../../../simulators/simulators.ts'

const minuteMs = 60_000
const longMs = 300_000
const vendors: SimulatorName[] = ['theymes', 'zaia', 'thena', 'threada-private', 'i3d']
const crowds = (name: SimulatorName) =>
  name === 'theymes' || process.env.VIEWERS === 'all' ? [20, 200, 2_000] : [20, 200]

let running: Virtual | undefined
afterEach(async () => {
  await running?.end()
  running = undefined
})

async function begin(name: SimulatorName, viewers: number): Promise<{ virtual: Virtual; tickets: OpenTicket[] }> {
  const virtual = await createVirtual(name)
  running = virtual
  return { virtual, tickets: await virtual.viewers(viewers) }
}

function budgetOf({ game }: Virtual): number {
  const { vendor } = game.config
  return 'callsPerMinute' in vendor ? vendor.callsPerMinute : 0
}

/** What was measured, for the comparison: calls a minute, on average. */
const counts = new Map<string, number>()

async function measure(virtual: Virtual): Promise<number> {
  const from = virtual.world.now()
  await virtual.pass(10 * minuteMs)
  const settled = virtual.callsByMinute(from + 3 * minuteMs)
  return settled.reduce((sum, count) => sum + count, 0) / settled.length
}

describe.each(vendors)('%s', (name) => {
  it.each(crowds(name))(
    'is asked no more than its budget in any minute while %i players look on',
    async (viewers) => {
      const { virtual } = await begin(name, viewers)
      counts.set(`${name} ${viewers}`, await measure(virtual))
      if (process.env.PRINT) console.log(name, viewers, virtual.callsByMinute(0).join(' '), virtual.fullestMinute())
      expect(virtual.fullestMinute()).toBeGreaterThan(0)
      expect(virtual.fullestMinute()).toBeLessThanOrEqual(budgetOf(virtual))
    },
    longMs,
  )

  it.runIf(crowds(name).includes(2_000))('is asked hardly more by 2,000 players than by 200', () => {
    const of = (viewers: number) => counts.get(`${name} ${viewers}`) ?? Number.NaN
    expect(of(2_000) / of(200)).toBeLessThanOrEqual(1.2)
  })

  it(
    'has an answer seen in time while 200 players look on: within 15 seconds without a hook, within 5 with one',
    async () => {
      const { virtual, tickets } = await begin(name, 200)
      await virtual.pass(3 * minuteMs)
      const answered = async ({ vendorTicketId }: OpenTicket) =>
        virtual.simulator.agentAnswers(vendorTicketId, 'We have found it.')
      const [looked, hinted] = [tickets[100], tickets[400]]
      if (!looked || !hinted) throw new Error('no such ticket')

      await virtual.look(looked)
      await virtual.pass(20_000)
      await answered(looked)
      expect(await virtual.heardWithin(looked, minuteMs)).toBeLessThanOrEqual(15_000)

      const opened = await virtual.open('player-7')
      await virtual.pass(20_000)
      await answered(opened)
      expect(await virtual.heardWithin(opened, minuteMs)).toBeLessThanOrEqual(15_000)

      await answered(hinted)
      void virtual.sync.hint('star-harbor', hinted.vendorTicketId)
      expect(await virtual.heardWithin(hinted, minuteMs)).toBeLessThanOrEqual(5_000)
    },
    longMs,
  )
})
