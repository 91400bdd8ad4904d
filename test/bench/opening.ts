/**
 * How fast a ticket is accepted, against two floors behind a bare `node:http` server: one insert a request with a flush to
 * the disk of its own, and the same insert by the relay's store, where requests that end together share a flush. Each runs
 * as a process of its own, in turn, warmed up by requests that do not count, and they are compared as ratios.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSessionTokens } from '../../server/players/session.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import { type Load, type Measured, measure } from './load.ts'
import { type Result, resultOf } from './result.ts'
import { relayFile, type Server, startServer } from './server.ts'

export interface Round {
  alone: Measured
  together: Measured
  relay: Measured
}

export const connections = 32
export const requests = Number(process.env.REQUESTS ?? 6_000)
const warmUp = 1_000
export const rounds = 3
const players = 500
const secret = 'a secret of the bench, thirty-two bytes long'

const newTicket = JSON.stringify({
  message: 'My sword is gone since the update, and so is the shield that came with it.',
  language: 'de',
  category: 'bug',
  metadata: { os: 'Android 14', device: 'Pixel 8', version: '2.14.1' },
})

/** Each server in turn, {@link rounds} times. */
export async function openingRounds(folder: string): Promise<Round[]> {
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    results.push({
      alone: await floor(folder, round, 'alone'),
      together: await floor(folder, round, 'together'),
      relay: await relay(folder, round),
    })
  }
  return results
}

export async function benchOpening(folder: string): Promise<Result[]> {
  const results = await openingRounds(folder)
  const pace = (of: keyof Round) => results.map((round) => round[of].perSecond)
  return [
    resultOf('opening a ticket, of a bare server that flushes one row a request', pace('relay'), pace('alone'), {
      least: 0.5,
      unit: '/s',
    }),
  ]
}

/** @param how - `alone`: a flush to the disk for each request; `together`: by the relay's store, which lets requests share one */
async function floor(folder: string, round: number, how: 'alone' | 'together'): Promise<Measured> {
  const server = await startServer('test/bench/floor.ts', [`${folder}/floor-${how}-${round}.db`, how])
  return measureWarm(server, () => ({ path: '/', headers: {}, body: newTicket }))
}

/** @param options - for Node itself */
export async function relay(folder: string, round: number, options: string[] = []): Promise<Measured> {
  const config = join(folder, `relay-${round}.json`)
  await writeFile(config, JSON.stringify(relayConfig(folder, round)))
  const server = await startServer(relayFile, ['--config', config], options)
  const tokens = await Promise.all(Array.from({ length: players }, (_, n) => mint(n)))
  const make = (n: number) => ({
    path: '/v1/tickets',
    headers: {
      authorization: `Bearer ${tokens[n % players]}`,
      'content-type': 'application/json',
      'idempotency-key': `key-${n}`,
    },
    body: newTicket,
  })
  return measureWarm(server, make)
}

async function measureWarm(server: Server, make: Load['make']): Promise<Measured> {
  const load = { url: server.url, connections, expect: 201 }
  try {
    await measure({ ...load, requests: warmUp, make: (n) => make(requests + n) })
    return await measure({ ...load, requests, make })
  } finally {
    await server.stop()
  }
}

/** As the relay itself would sign it, without spending what a device may sign in. */
async function mint(n: number): Promise<string> {
  const sessions = createSessionTokens([Buffer.from(secret)], { clock: systemClock })
  const subject = `anon:${n}`
  return (await sessions.issue({ game: 'bench', subject, kind: 'anonymous', lifetimeSeconds: 3_600 })).token
}

function relayConfig(folder: string, round: number): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/relay-${round}.db`,
    files: `file:${folder}/files-${round}`,
    secret,
    // One machine plays hundreds of devices.
    limits: { open: { device: 1_000_000, address: 1_000_000 } },
    games: {
      bench: {
        name: 'Bench',
        languages: ['en', 'de'],
        players: { anonymous: true },
        form: { categories: [{ id: 'bug', label: { en: 'Bug' } }] },
        // Nothing listens there: accepting must not depend on it.
        vendor: {
          kind: 'theymes',
          apiKey: 'bench',
          gameId: '3f0eee32-8eac-4668-9b38-e3e5dc21d607',
          baseUrl: 'http://127.0.0.1:9',
        },
      },
    },
  }
}
