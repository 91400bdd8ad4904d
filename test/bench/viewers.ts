/**
 * `npm run bench:viewers [-- --vendor thena]`: how often a vendor is asked against the number of players who look on, each with
 * three open tickets, and how soon an answer is seen. In virtual time, so that it says the same on any machine.
 */
import { parseArgs } from 'node:util'
import { createVirtual } from '../fixtures/virtual-accounts.ts'
import { type SimulatorName, simulatorNames } from '../simulators/simulators.ts'

const { values } = parseArgs({ options: { vendor: { type: 'string' } } })
const minuteMs = 60_000
const all = simulatorNames.filter((name) => name !== 'threada')
const vendors = values.vendor === undefined ? all : all.filter((name) => name === values.vendor)

interface Measured {
  /** Calls a minute, on average and in the minute that had the most. */
  usual: number
  most: number
  /** Seconds until an answer is seen, on a ticket just looked at and on an old one: without a hint, and with one. */
  looked: number
  old: number
  hinted: number
}

async function measure(name: SimulatorName, viewers: number): Promise<Measured> {
  const virtual = await createVirtual(name)
  const tickets = await virtual.viewers(viewers)
  await virtual.pass(10 * minuteMs)
  const settled = virtual.callsByMinute(3 * minuteMs)
  const usual = settled.reduce((sum, count) => sum + count, 0) / settled.length
  const most = virtual.fullestMinute()

  async function secondsUntilSeen(index: number, told: 'looked' | 'hinted' | 'old'): Promise<number> {
    const ticket = tickets[index]
    if (!ticket) throw new Error('no such ticket')
    if (told === 'looked') await virtual.look(ticket)
    await virtual.pass(20_000)
    virtual.simulator.agentAnswers(ticket.vendorTicketId, 'We have found it.')
    if (told === 'hinted') void virtual.sync.hint('star-harbor', ticket.vendorTicketId)
    return (await virtual.heardWithin(ticket, 120 * minuteMs)) / 1_000
  }

  const looked = await secondsUntilSeen(10, 'looked')
  // The hint last: a vendor that could call, and has, is taken to do so.
  const old = await secondsUntilSeen(30, 'old')
  const hinted = await secondsUntilSeen(20, 'hinted')
  await virtual.end()
  return { usual, most, looked, old, hinted }
}

console.log('vendor            viewers  calls/min  most  hinted s  looked at s  old s')
for (const name of vendors) {
  for (const viewers of [20, 200, 2_000]) {
    const { usual, most, looked, old, hinted } = await measure(name, viewers)
    const figures = [usual.toFixed(1), most, hinted.toFixed(1), looked.toFixed(1), old.toFixed(1)]
    const widths = [11, 6, 10, 13, 7]
    const columns = figures.map((figure, index) => String(figure).padStart(widths[index] ?? 0))
    console.log(`${name.padEnd(16)} ${String(viewers).padStart(8)}${columns.join('')}`)
  }
}
process.exit(0)
