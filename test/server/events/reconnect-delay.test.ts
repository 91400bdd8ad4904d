/** When a relay ends or dies, those who listened to it do not all come back at once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createCapacity } from '../../../server/events/capacity.ts'
import { createStreams, type Streams } from '../../../server/events/streams.ts'
import { systemClock } from '../../../server/runtime/clock.ts'
import { createFairQueue } from '../../../server/runtime/fair-queue.ts'
import { createLog } from '../../../server/runtime/log.ts'
import { createMetrics } from '../../../server/runtime/metrics.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { createNotifier } from '../../../server/store/notifier.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore } from '../../../server/store/store.ts'

let folder: string
let database: Database
let streams: Streams

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] })
  folder = await mkdtemp(join(tmpdir(), 'medkit-come-back-'))
  database = await openDatabase(`sqlite:${folder}/medkit.db`)
  streams = createStreams({
    store: createStore(database),
    clock: systemClock,
    notifier: createNotifier(),
    games: new Map(),
    sync: { follow: () => () => undefined },
    log: createLog({ level: 'silent', secrets: new Set() }),
    metrics: createMetrics(),
    capacity: createCapacity({ total: 20_000, address: 20_000 }),
    replays: createFairQueue(4),
  })
})

afterEach(async () => {
  vi.useRealTimers()
  streams.stop()
  await database.close()
  await rm(folder, { recursive: true })
})

/** As `EventSource` has it: the last one said counts. @returns by whom, in milliseconds */
async function listen(count: number): Promise<() => number[]> {
  const waits: number[] = Array(count).fill(Number.NaN)
  const until = new Date(Date.now() + 3_600_000)
  for (let n = 0; n < count; n += 1) {
    const stream = await streams.open(playerKey('game', `p${n}`), undefined, { address: undefined, until })
    const write = (piece: string | Uint8Array) => {
      const said = [
        ...Buffer.from(piece)
          .toString()
          .matchAll(/^retry: (\d+)$/gm),
      ].at(-1)?.[1]
      if (said !== undefined) waits[n] = Number(said)
      return true
    }
    stream.begin({ write, end: () => undefined })
  }
  return () => [...waits]
}

/** How many come back in each second. */
function inEachSecond(waits: readonly number[]): number[] {
  const seconds: number[] = Array(31).fill(0)
  for (const wait of waits) seconds[Math.floor(wait / 1_000)] = (seconds[Math.floor(wait / 1_000)] ?? Number.NaN) + 1
  return seconds
}

const ends = { ends: async () => streams.stop(), dies: () => vi.advanceTimersByTimeAsync(20_000) }

it.each(['ends', 'dies'] as const)(
  'spreads those of a relay that %s over as long as taking them up takes',
  async (how) => {
    const waits = await listen(2_000)
    await ends[how]()
    const seconds = inEachSecond(waits())
    expect(seconds.slice(1, 7).every((count) => count > 250)).toBe(true)
    expect(Math.max(...seconds)).toBeLessThan(400)
    expect(seconds.slice(8).every((count) => count === 0)).toBe(true)
  },
)

it('has the few of a small one back within two seconds', async () => {
  const waits = await listen(20)
  expect(waits().every((wait) => wait >= 1_000 && wait < 2_000)).toBe(true)
  streams.stop()
  expect(waits().every((wait) => wait >= 1_000 && wait < 2_000)).toBe(true)
})

it('has those of the largest back within thirty seconds, evenly', async () => {
  const waits = await listen(12_000)
  streams.stop()
  const seconds = inEachSecond(waits())
  expect([seconds[0], seconds[30]]).toEqual([0, 0])
  expect(Math.max(...seconds)).toBeLessThan(420)
  expect(Math.min(...seconds.slice(1, 30))).toBeGreaterThan(400)
})

it('takes nobody in any more once it ends', async () => {
  const until = new Date(Date.now() + 3_600_000)
  const late = await streams.open(playerKey('game', 'late'), undefined, { address: undefined, until })
  streams.stop()
  let hasEnded = false
  late.begin({
    write: () => true,
    end: () => {
      hasEnded = true
    },
  })
  expect(hasEnded).toBe(true)
  const another = streams.open(playerKey('game', 'another'), undefined, { address: undefined, until })
  await expect(another).rejects.toMatchObject({ code: 'overloaded', options: { retryAfterSeconds: 2 } })
})
