/** An event stream holds what it holds for as long as somebody listens. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { createBells } from '../../server/bells.ts'
import { systemClock } from '../../server/clock.ts'
import { createFairQueue } from '../../server/fair-queue.ts'
import { createCapacity, defaultStreamRoom } from '../../server/live/capacity.ts'
import { createStreams } from '../../server/live/stream.ts'
import { createLog } from '../../server/log.ts'
import { createMetrics } from '../../server/metrics.ts'
import { openDatabase } from '../../server/store/database.ts'
import { playerKey } from '../../server/store/players.ts'
import { createStore } from '../../server/store/store.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('lets go as soon as its player has left, without waiting for news or for a heartbeat', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-streams-'))
  const database = await openDatabase(`sqlite:${folder}/medkit.db`)
  const metrics = createMetrics()
  let followed = 0
  const streams = createStreams({
    store: createStore(database),
    clock: systemClock,
    bells: createBells(),
    games: new Map(),
    watch: {
      follow: () => {
        followed += 1
        return () => {
          followed -= 1
        }
      },
    },
    log: createLog({ level: 'error', secrets: new Set(), destination: { write: () => {} } }),
    metrics,
    capacity: createCapacity(defaultStreamRoom),
    replays: createFairQueue(4),
  })
  // No heartbeat comes: time stands still.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const until = new Date(Date.now() + 3_600_000)
  const leave = { address: undefined, until, isOver: async () => false }
  const listener = (await streams.open(playerKey('star-harbor', 'ada'), undefined, leave)).getReader()
  await listener.read()
  expect(followed).toBe(1)
  // Until it waits: one timer is for the token's end, the other for the heartbeat.
  while (vi.getTimerCount() < 2) await setImmediate()
  await listener.cancel()
  expect(followed).toBe(0)
  expect((await metrics.streams.get()).values).toMatchObject([{ value: 0 }])
  vi.useRealTimers()
  streams.stop()
  await database.close()
  await rm(folder, { recursive: true })
})
