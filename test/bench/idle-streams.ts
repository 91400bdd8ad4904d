/** What ten thousand players cost who listen and to whom nothing happens: a relay, and a bare server that does no more. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createSessionTokens } from '../../server/players/session.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import { listen } from './listeners.ts'
import { busyMsOf, residentBytes } from './process-memory.ts'
import { figureOf, type Result, resultOf } from './result.ts'
import { relayFile, type Server, startServer } from './server.ts'

const streams = Number(process.env.STREAMS ?? 10_000)
/** Two heartbeats of each. */
const watchedMs = 40_000
/** For what opening them has left behind to be given back. */
const restMs = 10_000
const secret = 'a secret of the bench, thirty-two bytes long'
const sessions = createSessionTokens([Buffer.from(secret)], { clock: systemClock })

interface Cost {
  /** Of resident memory, for each stream. */
  bytes: number
  /** Of one core. */
  share: number
  /** The longest that the thread stood still. */
  stallMs: number
}

export async function benchIdleStreams(folder: string): Promise<Result[]> {
  const config = join(folder, 'idle.json')
  await writeFile(config, JSON.stringify(configOf(folder)))
  const bare = await costOf(await startServer('test/bench/bare-streams.ts', []))
  const relay = await costOf(await startServer(relayFile, ['--config', config]))
  const kilobytes = (bytes: number) => bytes / 1_024
  return [
    resultOf(
      `memory of ${streams} idle streams, of a bare server's`,
      [kilobytes(relay.bytes)],
      [kilobytes(bare.bytes)],
      {
        unit: 'KiB each',
      },
    ),
    figureOf('memory of an idle stream', kilobytes(relay.bytes), { most: 25, unit: 'KiB' }),
    resultOf(`work for ${streams} idle streams, of a bare server's`, [relay.share * 100], [bare.share * 100], {
      unit: '% of a core',
    }),
    figureOf(`work for ${streams} idle streams`, relay.share * 100, { most: 2, unit: '% of a core' }),
    resultOf('longest stall meanwhile, of a bare server’s', [relay.stallMs], [bare.stallMs], { unit: 'ms' }),
    figureOf('longest stall meanwhile', relay.stallMs, { most: 50, unit: 'ms' }),
  ]
}

async function costOf(server: Server): Promise<Cost> {
  try {
    // What answers for the first time is loaded and compiled by it.
    const few = await listen(server.url, 50, requestOf)
    few.close()
    await setTimeout(restMs)
    const before = residentBytes(server.pid)
    const listeners = await listen(server.url, streams, requestOf)
    await setTimeout(restMs)
    await stallOf(server)
    const [busyMs, bytes] = [busyMsOf(server.pid), residentBytes(server.pid) - before]
    await setTimeout(watchedMs)
    const share = (busyMsOf(server.pid) - busyMs) / watchedMs
    const stallMs = await stallOf(server)
    listeners.close()
    return { bytes: bytes / streams, share, stallMs }
  } finally {
    await server.stop()
  }
}

const tokens = await Promise.all(Array.from({ length: streams }, (_, n) => mint(n)))

function requestOf(n: number) {
  return { path: '/v1/events', headers: { authorization: `Bearer ${tokens[n]}` } }
}

async function mint(n: number): Promise<string> {
  const player = { game: 'bench', subject: `anon:${n}`, kind: 'anonymous' as const, lifetimeSeconds: 36_000 }
  return (await sessions.issue(player)).token
}

/** Since the last time it was asked for. */
async function stallOf({ url }: Server): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^medkit_nodejs_eventloop_lag_max_seconds ([\d.e-]+)$/m.exec(metrics)?.[1]) * 1_000
}

function configOf(folder: string): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/idle.db`,
    files: `file:${folder}/idle-files`,
    secret,
    streams: { total: 2 * streams, address: 2 * streams },
    limits: { read: { address: 10_000_000 }, work: { address: 10_000_000 } },
    games: {
      bench: {
        name: 'Bench',
        players: { anonymous: true },
        vendor: { kind: 'desk', token: 'desk-token-of-the-bench' },
      },
    },
  }
}
