/** What the reader of a vendor account does about lists that skip, vendors that have had enough, restarts and silence. */
import { afterEach, describe, expect, it } from 'vitest'
import { createVirtual, type OpenTicket, type Virtual } from '../../../fixtures/virtual-accounts.ts'
import type { SimulatorName } from '../../../simulators/simulators.ts'
import { ada } from '../../vendors/suite/parts.ts'

const [minuteMs, hourMs] = [60_000, 3_600_000]
const listing: SimulatorName[] = ['theymes', 'thena', 'threada-private', 'i3d']
const vendors: SimulatorName[] = [...listing, 'zaia']

let running: Virtual | undefined
afterEach(async () => {
  await running?.end()
  running = undefined
})

async function begin(name: SimulatorName, vendor: Record<string, unknown> = {}): Promise<Virtual> {
  running = await createVirtual(name, vendor)
  return running
}

/** Of single tickets. */
function readings({ simulator }: Virtual, from = 0): number {
  return simulator.received.slice(from).filter(({ call }) => call === simulator.calls.messages).length
}

function answer({ simulator }: Virtual, { vendorTicketId }: OpenTicket): void {
  simulator.agentAnswers(vendorTicketId, 'We have found it.')
}

describe.each(listing)('at %s', (name) => {
  it('has an answer to an old ticket seen within 15 seconds, because the list shows it', async () => {
    const virtual = await begin(name)
    const [, , ticket] = await virtual.viewers(3)
    if (!ticket) throw new Error('no ticket')
    await virtual.pass(minuteMs)
    answer(virtual, ticket)
    expect(await virtual.heardWithin(ticket, 5 * minuteMs)).toBeLessThanOrEqual(15_000)
  })

  it('reads a ticket all the same that the list never shows', async () => {
    const virtual = await begin(name)
    const ticket = await virtual.open('player-1', 2 * hourMs)
    await virtual.open('player-2', 2 * hourMs)
    virtual.sync.follow(ticket.player)
    virtual.simulator.mutate((body, call) =>
      virtual.simulator.calls.lists.includes(call) ? without(body, ticket.vendorTicketId) : body,
    )
    await virtual.pass(10 * minuteMs)
    answer(virtual, ticket)
    expect(await virtual.heardWithin(ticket, 2 * hourMs)).toBeLessThanOrEqual(hourMs + 10 * minuteMs)
  })

  it('reads nothing again after a restart that has not changed', async () => {
    const virtual = await begin(name)
    const tickets = await virtual.viewers(10)
    await virtual.pass(minuteMs)
    for (const ticket of tickets) answer(virtual, ticket)
    await virtual.pass(2 * minuteMs)
    expect(readings(virtual)).toBeGreaterThanOrEqual(tickets.length)
    await virtual.sync.stop()
    const from = virtual.simulator.received.length
    const again = virtual.anotherWatch()
    for (const { player } of tickets) again.follow(player)
    await virtual.pass(minuteMs)
    expect(virtual.simulator.received.length).toBeGreaterThan(from)
    expect(readings(virtual, from)).toBeLessThan(tickets.length / 2)
    await again.stop()
  })

  it('finds out by the list that an agent has closed a ticket', async () => {
    const virtual = await begin(name)
    const [ticket] = await virtual.viewers(2)
    if (!ticket) throw new Error('no ticket')
    await virtual.pass(minuteMs)
    virtual.simulator.agentCloses(ticket.vendorTicketId)
    await virtual.heardWithin(ticket, minuteMs)
    expect((await virtual.store.tickets.find(ticket.id))?.status).toBe('closed')
  })
})

describe.each(vendors)('at %s', (name) => {
  it('goes on while nobody looks, so that an answer is known when the player comes back', async () => {
    const virtual = await begin(name)
    const ticket = await virtual.open('player-1', 5 * hourMs)
    const from = virtual.simulator.received.length
    await virtual.pass(10 * minuteMs)
    expect((virtual.simulator.received.length - from) / 10).toBeLessThan(4)
    answer(virtual, ticket)
    expect(await virtual.heardWithin(ticket, 3 * hourMs)).toBeLessThanOrEqual(hourMs)
  })

  it('brings nothing back by itself that has outlived its retention', async () => {
    const virtual = await begin(name)
    const tickets = await virtual.viewers(2)
    await virtual.pass(minuteMs)
    for (const { id } of tickets) {
      await virtual.store.tickets.change(id, { emptied: 1 })
      await virtual.store.messages.forget([id])
    }
    await virtual.pass(90 * minuteMs)
    for (const { id } of tickets) expect(await virtual.store.messages.all(id)).toEqual([])
  })

  it('asks nothing while there is no open ticket, though somebody looks on', async () => {
    const virtual = await begin(name)
    const ticket = await virtual.open('player-1', hourMs)
    await virtual.store.tickets.change(ticket.id, { status: 'closed' })
    virtual.sync.follow(ticket.player)
    const from = virtual.simulator.received.length
    await virtual.pass(10 * minuteMs)
    expect(virtual.simulator.received.length).toBe(from)
  })

  it('asks nothing before the time that a 429 named, and goes on then', async () => {
    const virtual = await begin(name)
    const [ticket] = await virtual.viewers(3)
    if (!ticket) throw new Error('no ticket')
    await virtual.pass(minuteMs)
    virtual.simulator.misbehave('busy', 1)
    const from = virtual.simulator.received.length
    void virtual.sync.hint('star-harbor', ticket.vendorTicketId)
    await virtual.pass(6_500)
    expect(virtual.simulator.received.slice(from).filter(({ status }) => status === 429)).toHaveLength(1)
    expect(virtual.simulator.received.length - from).toBeLessThanOrEqual(2)
    answer(virtual, ticket)
    expect(await virtual.heardWithin(ticket, minuteMs)).toBeLessThanOrEqual(30_000)
  })

  it('does not let readings of other tickets hold up a hint', async () => {
    const virtual = await begin(name, { callsPerMinute: 30 })
    const tickets = await virtual.viewers(20)
    await virtual.pass(minuteMs)
    for (const ticket of tickets) {
      const row = await virtual.store.tickets.find(ticket.id)
      if (row) void virtual.sync.freshen({ ...row, must_read: 1 }, 2_000)
    }
    const hinted = tickets[30]
    if (!hinted) throw new Error('no ticket')
    await virtual.pass(3_000)
    answer(virtual, hinted)
    void virtual.sync.hint('star-harbor', hinted.vendorTicketId)
    expect(await virtual.heardWithin(hinted, minuteMs)).toBeLessThanOrEqual(10_000)
    expect(virtual.fullestMinute()).toBeLessThanOrEqual(30)
  })
})

it('says for how long what should have been read has waited', async () => {
  const virtual = await begin('i3d', { callsPerMinute: 6 })
  const tickets = await virtual.viewers(10)
  await virtual.pass(minuteMs)
  for (const { vendorTicketId } of tickets) void virtual.sync.hint('star-harbor', vendorTicketId)
  await virtual.pass(2 * minuteMs)
  const [behind] = virtual.sync.behind()
  expect(behind?.awaitedMs).toBeGreaterThan(minuteMs)
  expect(behind?.awaitedMs).toBeLessThanOrEqual(2 * minuteMs)
})

it('asks for one player what can wait where there is room for it, and not elsewhere', async () => {
  const virtual = await begin('i3d', { callsPerMinute: 40 })
  const { vendorTicketId } = await virtual.open('player-1', hourMs)
  const ref = { vendorTicketId, player: ada, number: 'SH-1' }
  const ask = () => virtual.sync.ask('star-harbor', async (signal) => virtual.game.vendor.read?.(ref, signal), 10_000)
  const asked = await Promise.all(Array.from({ length: 50 }, ask))
  expect(asked[0]?.answer?.status).toBe('open')
  expect(asked.filter((one) => one === undefined).length).toBeGreaterThan(40)
  await virtual.pass(minuteMs)
  expect((await ask())?.answer?.status).toBe('open')
})

it('puts no word of what a list shows into the ledger', async () => {
  const virtual = await begin('thena')
  const [ticket] = await virtual.viewers(2)
  if (!ticket) throw new Error('no ticket')
  await virtual.pass(2 * minuteMs)
  const [link] = await virtual.store.tickets.chain(ticket.id)
  expect(link?.seen).toMatch(/^[\w-]{22}$/)
})

/** A list without the rows that hold a text. One row alone is the answer to whoever asks for that one. */
function without(value: unknown, text: string): unknown {
  if (Array.isArray(value) && value.length < 2) return value
  if (Array.isArray(value))
    return value.filter((row) => !JSON.stringify(row).includes(text)).map((row) => without(row, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, without(inner, text)]))
}
