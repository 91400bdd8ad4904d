/** What a player has piled up is their own wait: nobody else's, and nobody's memory. */

import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { defaultPoints } from '../../../server/config/limits.ts'
import type { EventBatch } from '../../../server/contract/event.ts'
import { PlayerExport } from '../../../server/contract/export.ts'
import type { Session } from '../../../server/contract/player.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { type Cost, createLoad, type DelayMeter, type Load } from '../../../server/http/load.ts'
import { systemTimers } from '../../../server/runtime/clock.ts'
import { createMetrics } from '../../../server/runtime/metrics.ts'
import type { Refusal } from '../../../server/runtime/refusal.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'

const long = 'Ünglück '.repeat(1_000)
const fat = {
  message: long,
  metadata: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`key-${n}`, 'x'.repeat(1_000)])),
}

/** A player with tickets as large as they may be. */
async function pileUp(relay: TestRelay, tickets: number): Promise<Session & { opened: Conversation[] }> {
  const session = await relay.signIn()
  const opened: Conversation[] = []
  for (let n = 0; n < tickets; n += 1) opened.push(await relay.open(session.token, fat))
  return { ...session, opened }
}

const poll = (relay: TestRelay, token: string, from: string) =>
  relay.call<EventBatch>('GET /v1/events?poll=1', { token, headers: { 'last-event-id': from } })

/** Asks until nothing is left, as the widget does. */
async function everyBatch(relay: TestRelay, token: string): Promise<EventBatch[]> {
  const batches: EventBatch[] = []
  let from = '0'
  for (;;) {
    const { body } = await poll(relay, token, from)
    batches.push(body)
    from = body.lastEventId
    if (body.nextPollSeconds > 0) return batches
  }
}

it('tells how a ticket stands once, however often it has changed', async () => {
  const relay = await startRelay()
  const { token, opened } = await pileUp(relay, 2)
  const [first] = opened
  for (let n = 0; n < 10; n += 1)
    for (const turn of ['close', 'reopen']) await relay.call(`POST /v1/tickets/${first?.id}/${turn}`, { token })
  const { body } = await poll(relay, token, '0')
  const told = body.events.map(({ event }) =>
    event.type === 'ticket-changed' ? `${event.type} ${event.data.ticket.id}` : event.type,
  )
  expect(told.filter((one) => one === `ticket-changed ${first?.id}`)).toHaveLength(1)
  expect(told.filter((one) => one === 'unread').length).toBeLessThanOrEqual(1)
  const ids = body.events.map(({ id }) => Number(id))
  expect(ids).toEqual([...ids].sort((one, other) => one - other))
  expect(Number(body.lastEventId)).toBeGreaterThanOrEqual(ids.at(-1) ?? 0)
  await relay.close()
})

/** How often others got their turn meanwhile: the relay of a test runs on the test's own event loop. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await setImmediate()
    turns += 1
  }
  await over
  return turns
}

it('lets others in between any two pieces of news', async () => {
  const relay = await startRelay()
  const { token } = await pileUp(relay, 10)
  const { body } = await poll(relay, token, '0')
  const few = await turnsDuring(relay.call('GET /healthz'))
  const turns = await turnsDuring(poll(relay, token, '0'))
  expect(body.events.length).toBeGreaterThan(20)
  expect(turns).toBeGreaterThan(few + body.events.length / 2)
  await relay.close()
}, 60_000)

it('exports everything, piece by piece', async () => {
  const relay = await startRelay()
  const { token, opened } = await pileUp(relay, 3)
  const replies = Array.from({ length: 45 }, (_, n) => `${n} ${long}`.trim())
  for (const [n, message] of replies.entries())
    await relay.call(`POST /v1/tickets/${opened[0]?.id}/messages`, { token, key: `reply-${n}`, body: { message } })
  const { status, headers, body } = await relay.call('GET /v1/export', { token })
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/json')
  const { tickets, player } = PlayerExport.parse(body)
  expect(player).toMatchObject({ game: 'star-harbor', kind: 'anonymous' })
  expect(tickets.map(({ id }) => id).sort()).toEqual(opened.map(({ id }) => id).sort())
  const texts = tickets.find(({ id }) => id === opened[0]?.id)?.messages.map(({ text }) => text)
  expect(texts).toEqual([long.trim(), ...replies])
  expect(tickets.every(({ metadata }) => Object.keys(metadata.claimed).length === 30)).toBe(true)
  await relay.close()
}, 60_000)

it('counts what is unread and what waits for the player', async () => {
  const relay = await startRelay()
  const { token, opened } = await pileUp(relay, 2)
  const unread = async () => {
    const events = (await everyBatch(relay, token)).flatMap((batch) => batch.events)
    return events.findLast(({ event }) => event.type === 'unread')?.event.data
  }
  const [first] = opened
  await expect.poll(async () => (await relay.desk.list()).length).toBe(2)
  const atDesk = (await relay.desk.list()).find(({ number }) => number === first?.number)
  await relay.desk.answer(atDesk?.id ?? '', 'Looking into it.')
  await expect.poll(unread, { timeout: 20_000 }).toEqual({ count: 1, unanswered: 1 })
  await relay.call(`POST /v1/tickets/${first?.id}/read`, { token })
  await expect.poll(unread).toEqual({ count: 0, unanswered: 1 })
  await relay.close()
}, 60_000)

it('gives a device so much to read a minute, and lets it go on writing', async () => {
  const room = { player: 1_000_000, device: 1_000_000, address: 1_000_000 }
  const limits = {
    ...Object.fromEntries(Object.keys(defaultPoints).map((kind) => [kind, room])),
    work: { device: 100 },
  }
  const relay = await startRelay({ config: { limits } })
  const { token, opened } = await pileUp(relay, 1)
  const read = () => relay.call(`GET /v1/tickets/${opened[0]?.id}`, { token })
  await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe(429)
  expect(Number((await read()).headers.get('retry-after'))).toBeGreaterThan(0)
  await relay.open(token)
  const other = await relay.signIn()
  expect((await relay.call('GET /v1/tickets', { token: other.token })).status).toBe(200)
  await relay.close()
})

/** What a relay that is so far behind answers. */
function refusedAt(delayMs: number): Record<string, string | undefined> {
  let tick = () => {}
  const after = (_: number, act: () => void) => {
    tick = act
    return () => {}
  }
  const timers = { ...systemTimers, after }
  const meter: DelayMeter = { take: () => delayMs, stop: () => {} }
  const load = createLoad(timers, createMetrics().shed, meter)
  load.start()
  tick()
  expect(codeIn(load, 'replay')).toBeUndefined()
  tick()
  return { replay: codeIn(load, 'replay'), reading: codeIn(load, 'reading') }
}

function codeIn(load: Load, cost: Cost): string | undefined {
  try {
    load.admit(cost)
    return undefined
  } catch (refused) {
    return (refused as Refusal).code
  }
}

it.each([
  [0, {}],
  [499, {}],
  [500, { replay: 'overloaded' }],
  [2_000, { replay: 'overloaded', reading: 'overloaded' }],
])('puts off the costliest first when it is %i ms behind', (delayMs, refused) => {
  expect(refusedAt(delayMs)).toEqual(refused)
})

it('notices by itself that its thread is busy, and that it is no more', async () => {
  const relay = await startRelay()
  const { token } = await relay.signIn()
  const isExporting = async () => (await relay.call('GET /v1/export', { token })).status
  expect(await isExporting()).toBe(200)
  const busy = setInterval(() => block(900), 1)
  await expect.poll(isExporting, { timeout: 20_000, interval: 10 }).toBe(503)
  expect((await relay.open(token)).number).toBeTruthy()
  clearInterval(busy)
  await expect.poll(isExporting, { timeout: 20_000 }).toBe(200)
  const { body } = await relay.call<string>('GET /metrics')
  expect(body).toMatch(/^medkit_shed_total\{cost="replay"\} [1-9]/m)
  await relay.close()
}, 60_000)

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
