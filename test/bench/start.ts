/** How long the built relay takes from nothing to its first answer, against a server of Hono's that does nothing; and what it weighs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { residentBytes } from './process-memory.ts'
import { figureOf, median, type Result, resultOf } from './result.ts'
import { relayFile } from './server.ts'

const rounds = 9
const restMs = 5_000

/** As JavaScript, so that nothing has to be made of it first; within the project, where its packages are found. */
const emptyServer = `
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
const app = new Hono().get('/healthz', (context) => context.text('ok'))
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log('http://127.0.0.1:' + port))
`

interface Start {
  readyMs: number
  restingBytes: number
}

export async function benchStart(folder: string): Promise<Result[]> {
  await mkdir('dist/bench', { recursive: true })
  await writeFile('dist/bench/empty.js', emptyServer)
  const config = join(folder, 'start.json')
  await writeFile(config, JSON.stringify(configOf(folder)))
  const starts: { relay: Start[]; empty: Start[] } = { relay: [], empty: [] }
  for (let round = 0; round < rounds; round += 1) {
    const restingMs = round === rounds - 1 ? restMs : 0
    starts.empty.push(await start(['dist/bench/empty.js'], restingMs))
    starts.relay.push(await start([relayFile, '--config', config], restingMs))
  }
  // The first finds no ledger, and nothing of either in the system's memory.
  const ready = (of: Start[]) => of.slice(1).map(({ readyMs }) => readyMs)
  const megabytes = (of: Start[]) => (of.at(-1)?.restingBytes ?? Number.NaN) / 1_048_576
  return [
    resultOf('start until the first answer, of an empty Hono server', ready(starts.relay), ready(starts.empty), {
      most: 3,
      unit: 'ms',
    }),
    figureOf(
      `memory at rest (an empty Hono server: ${megabytes(starts.empty).toFixed(0)} MiB)`,
      megabytes(starts.relay),
      {
        most: 90,
        unit: 'MiB',
      },
    ),
    figureOf('longest start', Math.max(...ready(starts.relay)), { unit: 'ms' }),
    figureOf('start, median', median(ready(starts.relay)), { unit: 'ms' }),
  ]
}

async function start(args: string[], restingMs: number): Promise<Start> {
  const began = performance.now()
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MEDKIT_LOG: 'silent' },
  })
  try {
    const url = await addressOf(child)
    const response = await fetch(`${url}/healthz`)
    await response.text()
    const readyMs = performance.now() - began
    await setTimeout(restingMs)
    return { readyMs, restingBytes: restingMs > 0 ? residentBytes(child.pid ?? 0) : Number.NaN }
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
}

function addressOf({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    stdout?.on('data', (chunk) => {
      said += chunk
      const found = /http:\/\/[\d.]+:\d+/.exec(said)
      if (found) resolve(found[0])
    })
  })
}

function configOf(folder: string): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/start.db`,
    files: `file:${folder}/start-files`,
    secret: 'a secret of the bench, thirty-two bytes long',
    games: {
      bench: {
        name: 'Bench',
        players: { anonymous: true },
        vendor: { kind: 'desk', token: 'desk-token-of-the-bench' },
      },
    },
  }
}
