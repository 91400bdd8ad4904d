/**
 * How fast a ticket is accepted, against the floor: one fsynced insert a request by the same store behind a bare
 * `node:http` server. Both run as processes of their own, in turn, and are compared as ratios.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Measured, measure } from './load.ts'

const connections = 32
const requests = Number(process.env.REQUESTS ?? 6_000)
const rounds = 3

const newTicket = JSON.stringify({
  message: 'My sword is gone since the update, and so is the shield that came with it.',
  language: 'de',
  category: 'bug',
  metadata: { os: 'Android 14', device: 'Pixel 8', version: '2.14.1' },
})

const folder = await mkdtemp(join(tmpdir(), 'medkit-bench-'))
try {
  const results: { floor: Measured; relay: Measured }[] = []
  for (let round = 0; round < rounds; round++) results.push({ floor: await floor(round), relay: await relay(round) })
  report(results)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function floor(round: number): Promise<Measured> {
  const server = await start('test/bench/floor.ts', [`sqlite:${folder}/floor-${round}.db`])
  const make = () => ({ path: '/', headers: {}, body: newTicket })
  const measured = await measure({ url: server.url, connections, requests, make, expect: 201 })
  await server.stop()
  return measured
}

async function relay(round: number): Promise<Measured> {
  const config = join(folder, `relay-${round}.json`)
  await writeFile(config, JSON.stringify(relayConfig(round)))
  const server = await start('server/main.ts', ['--config', config])
  const response = await fetch(`${server.url}/v1/sessions`, {
    method: 'POST',
    body: JSON.stringify({ game: 'bench', kind: 'anonymous' }),
  })
  const { token } = (await response.json()) as { token: string }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const make = (n: number) => ({
    path: '/v1/tickets',
    headers: { ...headers, 'idempotency-key': `key-${n}` },
    body: newTicket,
  })
  const measured = await measure({ url: server.url, connections, requests, make, expect: 201 })
  await server.stop()
  return measured
}

function relayConfig(round: number): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/relay-${round}.db`,
    files: `file:${folder}/files-${round}`,
    secret: 'a secret of the bench, thirty-two bytes long',
    // One player opens thousands: the limit is counted like any other and never reached.
    limits: { open: { device: 1_000_000, address: 1_000_000 }, read: { address: 10_000_000 } },
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

async function start(file: string, args: string[]): Promise<{ url: string; stop: () => Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MEDKIT_LOG: 'silent' },
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
      const found = /http:\/\/[\d.]+:\d+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', () => reject(new Error(`${file} ended before it listened`)))
  })
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

function report(results: readonly { floor: Measured; relay: Measured }[]): void {
  console.log(`Opening a ticket, ${connections} connections, ${requests} requests a round\n`)
  for (const { floor, relay } of results) {
    console.log(
      `  floor  ${line(floor)}\n  relay  ${line(relay)}   throughput ${(relay.perSecond / floor.perSecond).toFixed(2)} of the floor\n`,
    )
  }
  const ratios = results.map(({ floor, relay }) => relay.perSecond / floor.perSecond).sort((a, b) => a - b)
  console.log(`  median ratio ${ratios[Math.floor(ratios.length / 2)]?.toFixed(2)}`)
}

function line({ perSecond, p50Ms, p99Ms }: Measured): string {
  return `${perSecond.toFixed(0).padStart(6)} /s   p50 ${p50Ms.toFixed(1)} ms   p99 ${p99Ms.toFixed(1)} ms`
}
