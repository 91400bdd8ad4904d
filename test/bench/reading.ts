/**
 * How fast a player reads their list of twenty tickets and one of them, and hears that nothing has changed: against a bare
 * server that sends the same bytes, and against what a studio would write by itself. Each is a process of its own, in turn.
 */
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import type { Measured } from './load.ts'
import { type Answer, ask, getRequest, read } from './rapid.ts'
import { type Result, resultOf } from './result.ts'
import { relayFile, type Server, startServer } from './server.ts'

const connections = 32
const requests = Number(process.env.REQUESTS ?? 8_000)
const warmUp = Math.min(2_000, requests)
const rounds = 3
const players = 50
const ticketsOfOne = 20
const long = 'The sword is gone since the update, and so is the shield that came with it. '.repeat(40).trim()

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })

/** What is read, and which share of the floor's pace it is to have at least. */
interface Route {
  name: string
  least: number
  path: (world: World, n: number) => string
  isKnown?: boolean
}

interface World {
  tokens: string[]
  ticketOf: string[]
}

const routes: readonly Route[] = [
  { name: 'own list of 20', least: 0.35, path: () => '/v1/tickets' },
  { name: 'one ticket', least: 0.5, path: ({ ticketOf }, n) => `/v1/tickets/${ticketOf[n % players]}` },
  { name: 'own list, unchanged (304)', least: 0.7, path: () => '/v1/tickets', isKnown: true },
  {
    name: 'one ticket, unchanged (304)',
    least: 0.7,
    path: ({ ticketOf }, n) => `/v1/tickets/${ticketOf[n % players]}`,
    isKnown: true,
  },
]

export async function benchReading(folder: string): Promise<Result[]> {
  const ledger = join(folder, 'reading.db')
  const config = join(folder, 'reading.json')
  const keyFile = join(folder, 'studio.pem')
  await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(config, JSON.stringify(configOf(folder, ledger)))
  const relay = await startServer(relayFile, ['--config', config])
  const byHand = await startServer('test/bench/by-hand.ts', [ledger, keyFile, 'bench'])
  try {
    const world = await fill(relay)
    const results: Result[] = []
    for (const route of routes) results.push(...(await measureRoute(route, { relay, byHand, world, folder })))
    return results
  } finally {
    await relay.stop()
    await byHand.stop()
  }
}

interface Parts {
  relay: Server
  byHand: Server
  world: World
  folder: string
}

async function measureRoute(route: Route, { relay, byHand, world, folder }: Parts): Promise<Result[]> {
  let tags: string[] = []
  const lookUp = async () => {
    tags = await Promise.all(world.tokens.map((_, n) => tagAt(relay, route, world, n)))
  }
  await lookUp()
  const make = (n: number) => getRequest(route.path(world, n), headersOf(route, world, n, tags))
  const answer: Answer = await ask(relay.url, make(0))
  // A ticket is asked for at its vendor now and then, and when that was is shown with it.
  const expect = route.isKnown ? [304, 200] : [200]
  const file = join(folder, 'answer.json')
  await writeFile(file, JSON.stringify(answer))
  const floor = await startServer('test/bench/same-bytes.ts', [file])
  const measure = (url: string, count: number) => read({ url, connections, requests: count, make, expect })
  const seen: { relay: Measured[]; floor: Measured[]; byHand: Measured[] } = { relay: [], floor: [], byHand: [] }
  const servers = { relay, floor, ...(route.isKnown ? {} : { byHand }) }
  try {
    for (const { url } of Object.values(servers)) await measure(url, warmUp)
    for (let round = 0; round < rounds; round += 1) {
      await lookUp()
      for (const [name, { url }] of Object.entries(servers))
        seen[name as keyof typeof seen].push(await measure(url, requests))
    }
  } finally {
    await floor.stop()
  }
  const pace = (of: Measured[]) => of.map(({ perSecond }) => perSecond)
  return [
    resultOf(`${route.name}, of a bare server sending the same bytes`, pace(seen.relay), pace(seen.floor), {
      least: route.least,
      unit: '/s',
    }),
    ...(route.isKnown
      ? []
      : [
          resultOf(`${route.name}, of the same written by hand`, pace(seen.relay), pace(seen.byHand), {
            least: 1,
            unit: '/s',
          }),
        ]),
  ]
}

function headersOf(route: Route, { tokens }: World, n: number, tags: readonly string[]): Record<string, string> {
  return {
    authorization: `Bearer ${tokens[n % players]}`,
    ...(route.isKnown ? { 'if-none-match': tags[n % players] ?? '' } : {}),
  }
}

async function tagAt({ url }: Server, route: Route, world: World, n: number): Promise<string> {
  const authorization = `Bearer ${world.tokens[n]}`
  return (await ask(url, getRequest(route.path(world, n), { authorization }))).headers.etag ?? ''
}

/** Each player has opened twenty tickets with long texts, which the desk has by the time anybody reads them. */
async function fill({ url }: Server): Promise<World> {
  const tokens = await Promise.all(Array.from({ length: players }, (_, n) => mint(n)))
  const ticketOf: string[] = []
  for (const [n, token] of tokens.entries())
    for (let ticket = 0; ticket < ticketsOfOne; ticket += 1) {
      const response = await fetch(`${url}/v1/tickets`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': `${n}-${ticket}`,
        },
        body: JSON.stringify({ message: `${ticket} ${long}`, language: 'en' }),
      })
      const { id } = (await response.json()) as { id: string }
      ticketOf[n] = id
    }
  for (let waiting = 1; waiting > 0; ) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    waiting = Number(/^medkit_outbox_waiting\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return { tokens, ticketOf }
}

async function mint(n: number): Promise<string> {
  return new SignJWT({ name: 'Ada' })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setSubject(`player-${n}`)
    .setAudience('bench')
    .setIssuedAt()
    .setExpirationTime('6h')
    .sign(privateKey)
}

function configOf(folder: string, ledger: string): unknown {
  const room = { player: 100_000_000, device: 100_000_000, address: 100_000_000 }
  return {
    listen: { port: 0 },
    publicUrl: 'http://localhost',
    store: `sqlite:${ledger}`,
    files: `file:${folder}/reading-files`,
    secret: 'a secret of the bench, thirty-two bytes long',
    // One machine plays all players.
    limits: { read: room, work: room, open: room },
    games: {
      bench: {
        name: 'Bench',
        languages: ['en'],
        players: { jwt: { publicKey: publicKey.export({ type: 'spki', format: 'pem' }), algorithms: ['RS256'] } },
        vendor: { kind: 'desk', token: 'desk-token-of-the-bench' },
      },
    },
  }
}
