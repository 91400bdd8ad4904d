/**
 * `npm run bench:hostile`: what a few clients without an account can do to everybody else, within the default limits for
 * reading. Each attack runs against a relay of its own, beside somebody who asks `/healthz` all the time; what they see is
 * told next to what they see of the same relay at rest. Fails where others wait 500 ms, where the relay's thread stands still for
 * 200 ms, or where its memory grows by 150 MB.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createSessionTokens } from '../../server/players/session.ts'
import { systemClock } from '../../server/runtime/clock.ts'
import { watchHealth } from './health.ts'
import { watchMemory } from './process-memory.ts'
import { type Server, startServer } from './server.ts'

interface Attack {
  name: string
  /** What stands in the ledger before anybody looks at the clock. */
  prepare?: (relay: Server) => Promise<unknown>
  run: (relay: Server) => Promise<unknown>
  mostGrowthMb: number
}

interface Seen {
  /** The longest that `/healthz` took, in milliseconds. */
  healthMs: number
  /** The longest that the relay's thread stood still, in milliseconds. */
  stallMs: number
  growthMb: number
}

const secret = 'a secret of the bench, thirty-two bytes long'
const sessions = createSessionTokens([Buffer.from(secret)], { clock: systemClock })
const mostHealthMs = 500
const mostStallMs = 200
const restMs = 3_000
const long = 'words '.repeat(1_666).trim()
const fat = {
  message: long,
  language: 'en',
  metadata: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`key-${n}`, 'x'.repeat(1_000)])),
}

const attacks: Attack[] = [
  {
    name: 'six devices with ten tickets of 40 KB ask for all news 200 times',
    prepare: (relay) => all(6, (device) => openTickets(relay, device, 10)),
    run: (relay) =>
      all(6, (device) => all(200, () => read(relay, device, '/v1/events?poll=1', { 'last-event-id': '0' }))),
    mostGrowthMb: 150,
  },
  {
    name: 'one device with 200 tickets of 40 KB lists them and asks for news, 100 times',
    prepare: (relay) => openTickets(relay, 0, 200),
    run: (relay) =>
      all(50, async () => {
        await read(relay, 0, '/v1/tickets?limit=100')
        await read(relay, 0, '/v1/events?poll=1', { 'last-event-id': '0' })
      }),
    mostGrowthMb: 150,
  },
  {
    name: '20 exports at once of 600 replies of 10,000 characters',
    prepare: async (relay) => {
      const id = await openTicket(relay, 0, 'first')
      await all(600, (n) =>
        post(relay, 0, `/v1/tickets/${id}/messages`, `reply-${n}`, { message: `${n} ${long}`.slice(0, 10_000) }),
      )
    },
    run: (relay) => all(20, () => read(relay, 0, '/v1/export')),
    mostGrowthMb: 150,
  },
  {
    name: '80 sockets without a token send 27 MB each to the desk',
    run: (relay) => all(80, () => sendEndlessly(relay, '/desk/tickets/1/messages', 27)),
    mostGrowthMb: 50,
  },
]

const folder = await mkdtemp(join(tmpdir(), 'medkit-hostile-'))
let isGood = true
try {
  for (const [n, attack] of attacks.entries()) isGood = (await measure(n, attack)) && isGood
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit(isGood ? 0 : 1)

async function measure(n: number, { name, prepare, run, mostGrowthMb }: Attack): Promise<boolean> {
  const relay = await startRelay(n)
  try {
    await prepare?.(relay)
    const atRest = await watched(relay, () => setTimeout(restMs))
    const attacked = await watched(relay, () => run(relay))
    console.log(`${name}\n  at rest   ${line(atRest)}\n  attacked  ${line(attacked)}\n`)
    const { healthMs, stallMs, growthMb } = attacked
    return healthMs < mostHealthMs && stallMs < mostStallMs && growthMb < mostGrowthMb
  } finally {
    await relay.stop()
  }
}

async function watched(relay: Server, run: () => Promise<unknown>): Promise<Seen> {
  await stallOf(relay)
  const memory = watchMemory(relay.pid)
  const health = watchHealth(relay)
  await run()
  const healthMs = await health.end()
  return { healthMs, stallMs: await stallOf(relay), growthMb: memory.end() / 1024 / 1024 }
}

/** The longest since it was asked last: reading it begins it anew. */
async function stallOf({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^medkit_nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1]) * 1_000
}

function line({ healthMs, stallMs, growthMb }: Seen): string {
  return `/healthz at most ${healthMs.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms, ${growthMb.toFixed(0)} MB more`
}

async function startRelay(n: number): Promise<Server> {
  const file = join(folder, `relay-${n}.json`)
  const config = {
    listen: { port: 0 },
    store: `sqlite:${folder}/relay-${n}.db`,
    files: `file:${folder}/files-${n}`,
    secret,
    // What is read is read within the defaults; only filling the ledger would take a device days.
    limits: { open: { device: 1_000 }, reply: { device: 1_000 } },
    games: {
      bench: {
        name: 'Bench',
        languages: ['en'],
        players: { anonymous: true },
        vendor: { kind: 'desk', token: secret },
      },
    },
  }
  await writeFile(file, JSON.stringify(config))
  return startServer('server/main.ts', ['--config', file])
}

function all<T>(count: number, act: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => act(n)))
}

/** As the relay itself would sign it. */
async function tokenOf(device: number): Promise<string> {
  const issued = await sessions.issue({
    game: 'bench',
    subject: `anon:${device}`,
    kind: 'anonymous',
    lifetimeSeconds: 3_600,
  })
  return issued.token
}

async function openTickets(relay: Server, device: number, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await openTicket(relay, device, `${device}-${n}`)
}

async function openTicket(relay: Server, device: number, key: string): Promise<string> {
  return (await post(relay, device, '/v1/tickets', key, fat)).id
}

async function post(relay: Server, device: number, path: string, key: string, body: unknown): Promise<{ id: string }> {
  const response = await fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenOf(device)}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  })
  if (response.status !== 201) throw new Error(`${path} was answered ${response.status}`)
  return (await response.json()) as { id: string }
}

/** Takes every byte, and keeps none. */
async function read(relay: Server, device: number, path: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(`${relay.url}${path}`, {
    headers: { ...headers, authorization: `Bearer ${await tokenOf(device)}` },
  })
  for await (const _ of response.body ?? []);
}

/** Says that so much will come, and sends it as fast as it is taken, whatever is answered. */
function sendEndlessly({ url }: Server, path: string, megabytes: number): Promise<void> {
  const { hostname, port } = new URL(url)
  const piece = Buffer.alloc(65_536, 'x')
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let left = megabytes * 16
    const send = () => {
      while (left > 0) {
        left -= 1
        if (!socket.write(piece)) return
      }
    }
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: ${megabytes * 1024 * 1024}\r\n\r\n`,
    )
    socket.on('drain', send).on('error', () => {})
    socket.on('close', () => resolve())
    socket.setTimeout(10_000, () => socket.destroy())
    socket.resume()
    send()
  })
}
