/**
 * How fast a ticket is accepted, against two floors behind a bare `node:http` server: one insert a request with a flush to
 * the disk of its own, and the same insert by the relay's store, where requests that end together share a flush. Each runs
 * as a process of its own, in turn, warmed up by requests that do not count, and they are compared as ratios. A last relay,
 * which counts for nothing, is profiled, to say what its time goes to.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../server/clock.ts'
import { createSessionTokens } from '../../server/players/session.ts'
import { type Load, type Measured, measure } from './load.ts'
import { type Share, sharesIn } from './profile.ts'
import { type Server, startServer } from './server.ts'

interface Round {
  alone: Measured
  together: Measured
  relay: Measured
}

const connections = 32
const requests = Number(process.env.REQUESTS ?? 6_000)
const warmUp = 1_000
const rounds = 3
const players = 500
const secret = 'a secret of the bench, thirty-two bytes long'

const newTicket = JSON.stringify({
  message: 'My sword is gone since the update, and so is the shield that came with it.',
  language: 'de',
  category: 'bug',
  metadata: { os: 'Android 14', device: 'Pixel 8', version: '2.14.1' },
})

const folder = await mkdtemp(join(tmpdir(), 'medkit-bench-'))
try {
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    results.push({
      alone: await floor(round, 'alone'),
      together: await floor(round, 'together'),
      relay: await relay(round),
    })
  }
  const profiles = join(folder, 'profiles')
  await relay(rounds, ['--cpu-prof', '--cpu-prof-dir', profiles])
  report(results, sharesIn(profiles))
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** @param how - `alone`: a flush to the disk for each request; `together`: by the relay's store, which lets requests share one */
async function floor(round: number, how: 'alone' | 'together'): Promise<Measured> {
  const server = await startServer('test/bench/floor.ts', [`${folder}/floor-${how}-${round}.db`, how])
  return measureWarm(server, () => ({ path: '/', headers: {}, body: newTicket }))
}

/** @param options - for Node itself */
async function relay(round: number, options: string[] = []): Promise<Measured> {
  const config = join(folder, `relay-${round}.json`)
  await writeFile(config, JSON.stringify(relayConfig(round)))
  const server = await startServer('server/main.ts', ['--config', config], options)
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

function relayConfig(round: number): unknown {
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

function report(results: readonly Round[], shares: readonly Share[]): void {
  console.log(`Opening a ticket, ${connections} connections, ${requests} requests a round\n`)
  for (const { alone, together, relay } of results) {
    console.log(`  floor, a flush a request   ${line(alone)}`)
    console.log(`  floor, flushes shared      ${line(together)}`)
    console.log(`  relay                      ${line(relay)}\n`)
  }
  console.log(
    `  the relay's throughput, median: ${ratio(results, 'alone')} of the first floor, ${ratio(results, 'together')} of the second\n`,
  )
  console.log('  what its time goes to')
  for (const { what, share } of shares) console.log(`    ${(share * 100).toFixed(0).padStart(3)} %  ${what}`)
}

function ratio(results: readonly Round[], floor: 'alone' | 'together'): string {
  const ratios = results.map((round) => round.relay.perSecond / round[floor].perSecond).sort((a, b) => a - b)
  return (ratios[Math.floor(ratios.length / 2)] ?? 0).toFixed(2)
}

function line({ perSecond, p50Ms, p99Ms }: Measured): string {
  return `${perSecond.toFixed(0).padStart(6)} /s   p50 ${p50Ms.toFixed(1)} ms   p99 ${p99Ms.toFixed(1)} ms`
}
