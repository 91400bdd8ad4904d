/** What an event stream costs while nothing happens, and what it says when something does. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defaultStreamQuota } from '../../../server/config/limits.ts'
import { createCapacity } from '../../../server/events/capacity.ts'
import type { Line } from '../../../server/events/listeners.ts'
import { createStreams, type Leave, type Streams } from '../../../server/events/streams.ts'
import { systemClock } from '../../../server/runtime/clock.ts'
import { createFairQueue } from '../../../server/runtime/fair-queue.ts'
import { createLog } from '../../../server/runtime/log.ts'
import { createMetrics, type Metrics } from '../../../server/runtime/metrics.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { createNotifier, type Notifier } from '../../../server/store/notifier.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import type { PlayerKey } from '../../../server/store/tables.ts'

const ada = playerKey('star-harbor', 'ada')
const heartbeatMs = 20_000

let folder: string
let database: Database
let store: Store
let notifier: Notifier
let metrics: Metrics
let streams: Streams
/** Statements that the ledger was asked. */
let asked: number
let followed: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-streams-'))
  database = await openDatabase(`sqlite:${folder}/medkit.db`)
  asked = 0
  followed = 0
  const db = database.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      asked += 1
      return result
    },
  })
  store = createStore({ ...database, db })
  start()
})

afterEach(async () => {
  vi.useRealTimers()
  streams.stop()
  await database.close()
  await rm(folder, { recursive: true })
})

function start(isShared = false): void {
  notifier = createNotifier()
  metrics = createMetrics()
  streams = createStreams({
    store: { ...store, isShared },
    clock: systemClock,
    notifier,
    games: new Map(),
    sync: {
      follow: () => {
        followed += 1
        return () => {
          followed -= 1
        }
      },
    },
    log: createLog({ level: 'error', secrets: new Set(), destination: { write: () => {} } }),
    metrics,
    capacity: createCapacity(defaultStreamQuota),
    replays: createFairQueue(4),
  })
}

interface Player extends Line {
  said: string
  /** Takes nothing more after what is written next. */
  isSlow: boolean
  hasEnded: boolean
  drain: () => void
  leave: () => void
}

async function listen(player: PlayerKey = ada, leave: Partial<Leave> = {}, lastEventId?: string): Promise<Player> {
  const until = new Date(Date.now() + 3_600_000)
  const stream = await streams.open(player, lastEventId, { address: undefined, until, ...leave })
  const listening: Player = {
    said: '',
    isSlow: false,
    hasEnded: false,
    write: (piece) => {
      listening.said += Buffer.from(piece).toString()
      return !listening.isSlow
    },
    end: () => {
      listening.hasEnded = true
    },
    drain: stream.drained,
    leave: stream.left,
  }
  stream.begin(listening)
  return listening
}

/** Until nothing is under way: a ledger in a file answers within a few turns. */
async function settle(): Promise<void> {
  for (let before = -1, turns = 0; turns < 20; turns = before === asked ? turns + 1 : 0) {
    before = asked
    await setImmediate()
  }
}

async function happens(player: PlayerKey = ada): Promise<void> {
  await store.transaction((ledger) => ledger.events.add(player, new Date(), { type: 'unread' }))
  notifier.player.notify(player)
  await settle()
}

const timesTold = ({ said }: Player) => said.match(/^event: unread$/gm)?.length ?? 0
const heartbeats = ({ said }: Player) => said.match(/^: still here$/gm)?.length ?? 0

it('lets go as soon as its player has left, without waiting for news or for a heartbeat', async () => {
  const listening = await listen()
  await settle()
  expect(followed).toBe(1)
  listening.leave()
  expect(followed).toBe(0)
  expect((await metrics.streams.get()).values).toMatchObject([{ value: 0 }])
})

it('has a heartbeat every 20 seconds, and asks the ledger no more for a hundred than for one', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] })
  streams.stop()
  start()
  const players = await Promise.all(Array.from({ length: 100 }, (_, n) => listen(playerKey('star-harbor', `p${n}`))))
  await settle()
  asked = 0
  for (let second = 0; second < 60; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000)
    await settle()
  }
  expect(new Set(players.map(heartbeats))).toEqual(new Set([3]))
  // Whether another relay has written something is looked for once a second, for all.
  expect(asked).toBeLessThanOrEqual(60)
})

it('tells each of those who listen what is theirs, in a few reads for all of them', async () => {
  const keys = Array.from({ length: 40 }, (_, n) => playerKey('star-harbor', `p${n}`))
  const players = await Promise.all(keys.map((key) => listen(key)))
  await settle()
  const last = keys.length - 1
  await store.transaction(async (ledger) => {
    for (const key of keys.slice(0, last)) await ledger.events.add(key, new Date(), { type: 'deletion-changed' })
  })
  asked = 0
  for (const key of keys) notifier.player.notify(key)
  await settle()
  expect(asked).toBeLessThan(5)
  await happens(keys[last])
  expect(players.map(timesTold)).toEqual(keys.map((_, n) => (n === last ? 1 : 0)))
})

it('ends nobody’s stream but theirs where something cannot be told', async () => {
  streams.stop()
  const bob = playerKey('star-harbor', 'bob')
  const countUnread = (player: PlayerKey) =>
    player === bob ? Promise.reject(new Error('unreadable')) : Promise.resolve({ count: 0, unanswered: 0 })
  store = { ...store, tickets: { ...store.tickets, countUnread } }
  start()
  const [hers, his] = [await listen(ada), await listen(bob)]
  await settle()
  await store.transaction(async (ledger) => {
    for (const player of [bob, ada]) await ledger.events.add(player, new Date(), { type: 'unread' })
  })
  for (const player of [bob, ada]) notifier.player.notify(player)
  await settle()
  expect([hers.hasEnded, his.hasEnded]).toEqual([false, true])
  expect([timesTold(hers), timesTold(his)]).toEqual([1, 0])
})

it('tells nobody twice, whoever wakes them, and one who comes back only what they have missed', async () => {
  const early = await listen()
  await settle()
  await happens()
  notifier.player.notify(ada)
  await settle()
  expect(timesTold(early)).toBe(1)
  const place = /^id: (\d+)$/m.exec(early.said.slice(early.said.indexOf('event: unread') - 20))?.[1]
  early.leave()
  await happens()
  expect(timesTold(early)).toBe(1)
  const back = await listen(ada, {}, place)
  await settle()
  expect(timesTold(back)).toBe(1)
})

it('says nothing more to who does not take it, not even a heartbeat, and goes on from there once they do', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] })
  const slow = await listen()
  const quick = await listen()
  await settle()
  slow.isSlow = true
  await happens()
  await happens()
  await vi.advanceTimersByTimeAsync(3 * heartbeatMs)
  await settle()
  expect([timesTold(slow), heartbeats(slow), timesTold(quick)]).toEqual([1, 0, 2])
  slow.isSlow = false
  slow.drain()
  await settle()
  expect(timesTold(slow)).toBe(2)
  await happens()
  expect([timesTold(slow), timesTold(quick)]).toEqual([3, 3])
})

it('ends with the token, and the oldest of a player who has too many', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'Date'] })
  streams.stop()
  start()
  const short = await listen(ada, { until: new Date(Date.now() + 90_000) })
  const tabs = [short]
  for (let n = 0; n < 7; n += 1) tabs.push(await listen())
  await vi.advanceTimersByTimeAsync(89_000)
  expect(tabs.some(({ hasEnded }) => hasEnded)).toBe(false)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(tabs.filter(({ hasEnded }) => hasEnded)).toEqual([short])
  await listen()
  const ninth = await listen()
  expect(tabs.map(({ hasEnded }) => hasEnded)).toEqual([true, true, ...Array(6).fill(false)])
  expect(ninth.hasEnded).toBe(false)
})

it.each(['with the next news', 'by itself, where the ledger is shared'])(
  'ends for who has signed out on another relay: %s',
  async (how) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] })
    streams.stop()
    const isShared = how.startsWith('by itself')
    start(isShared)
    const [gone, there] = [await listen(ada, { sessionId: 'gone' }), await listen(ada, { sessionId: 'there' })]
    await settle()
    await store.players.endSession('gone', new Date(Date.now() + 3_600_000))
    if (isShared)
      for (let second = 0; second <= 20; second += 1) {
        await vi.advanceTimersByTimeAsync(1_000)
        await settle()
      }
    else await happens()
    expect([gone.hasEnded, there.hasEnded]).toEqual([true, false])
    expect([timesTold(gone), timesTold(there)]).toEqual(isShared ? [0, 0] : [0, 1])
  },
)
