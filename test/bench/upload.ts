/**
 * `npm run bench:upload`: 200 MB from a player into a relay and on to a simulated vendor, side by side with a bare
 * `node:http` server that pipes the same bytes into a file and the file to the same vendor. Compares speeds, and looks at
 * how much each one's memory grows at the most. Fails below 0.7, at 32 MB and more, or when a byte is another.
 *
 * The first 200 MB that a process sees are counted like all others.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { png } from '../fixtures/sample-files.ts'
import { watchMemory } from './process-memory.ts'
import type { VendorNews } from './upload-vendor.ts'

const megabyte = 1024 * 1024
const size = 200 * megabyte
const rounds = Number(process.env.ROUNDS ?? 5)
const leastRatio = 0.7
const mostGrowthMb = 32

/** A picture by its head, and noise behind it. */
const chunk = randomBytes(256 * 1024)
const first = Buffer.concat([png(), chunk]).subarray(0, chunk.length)
const chunks = Array.from({ length: size / chunk.length }, (_, index) => (index === 0 ? first : chunk))
const hash = chunks.reduce((sum, one) => sum.update(one), createHash('sha256')).digest('hex')

interface Measured {
  /** Milliseconds. */
  up: number
  on: number
  /** MB. */
  growth: number
}

interface Contender {
  name: string
  url: string
  process: ChildProcess
  /** Takes the file in; resolves with what sends it on, and resolves when the vendor has it. */
  begin: () => Promise<{ up: () => Promise<void>; on: () => Promise<void> }>
  measured: Measured[]
}

const folder = await mkdtemp(join(tmpdir(), 'medkit-upload-'))
const vendor = fork(new URL('upload-vendor.ts', import.meta.url))
const running: ChildProcess[] = [vendor]
try {
  const [{ config }] = (await once(vendor, 'message')) as [Extract<VendorNews, { config: unknown }>]
  const contenders = [await startBare(config), await startRelay(config)]
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 ? contenders : contenders.toReversed())
      contender.measured.push(await measure(contender))
  }
  report(contenders)
} finally {
  for (const child of running) child.kill()
  await rm(folder, { recursive: true, force: true })
}

async function measure(contender: Contender): Promise<Measured> {
  const { up, on } = await contender.begin()
  const memory = watchMemory(contender.process.pid ?? 0)
  const began = performance.now()
  await up()
  const received = once(vendor, 'message') as Promise<[Extract<VendorNews, { received: unknown }>]>
  const isUp = performance.now()
  await on()
  const [{ received: file }] = await received
  if (file.hash !== hash) throw new Error(`${contender.name}: the vendor has other bytes, ${file.bytes} of ${size}`)
  return { up: isUp - began, on: performance.now() - isUp, growth: memory.end() / megabyte }
}

async function startBare(config: Record<string, unknown>): Promise<Contender> {
  const { url, process } = await start('test/bench/upload-bare.ts', [folder])
  let count = 0
  async function begin() {
    const path = `/${count++}`
    const prepared = await post(
      `${config.baseUrl}/attachments`,
      { authorization: `Bearer ${config.apiKey}` },
      { gameId: config.gameId, fileName: 'a.png', fileType: 'image/png', fileSize: size, playerId: 'bench' },
    )
    const { uploadUrl, uploadHeaders } = prepared as { uploadUrl: string; uploadHeaders: unknown }
    const headers = { 'x-to': uploadUrl, 'x-size': String(size), 'x-headers': JSON.stringify(uploadHeaders) }
    return {
      up: () => send(`${url}${path}`, {}),
      on: async () => void (await fetch(`${url}${path}`, { method: 'POST', headers })),
    }
  }
  return { name: 'bare', url, process, begin, measured: [] }
}

async function startRelay(config: Record<string, unknown>): Promise<Contender> {
  const file = join(folder, 'relay.json')
  await writeFile(file, JSON.stringify(relayConfig(config)))
  const { url, process } = await start('server/main.ts', ['--config', file])
  const { token } = (await post(`${url}/v1/sessions`, {}, { game: 'bench', kind: 'anonymous' })) as { token: string }
  const authorization = `Bearer ${token}`
  async function begin() {
    const announced = { fileName: 'a.png', fileType: 'image/png', fileSize: size }
    const { id, upload } = (await post(`${url}/v1/attachments`, { authorization }, announced)) as {
      id: string
      upload: { url: string }
    }
    const ticket = { message: 'A film of it', language: 'en', attachments: [id] }
    const headers = { authorization, 'idempotency-key': id }
    return {
      up: () => send(upload.url, { authorization, 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' }),
      on: async () => void (await post(`${url}/v1/tickets`, headers, ticket)),
    }
  }
  return { name: 'relay', url, process, begin, measured: [] }
}

function relayConfig(vendor: Record<string, unknown>): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/medkit.db`,
    files: `file:${folder}/files`,
    secret: 'a secret of the bench, thirty-two bytes long',
    games: { bench: { name: 'Bench', players: { anonymous: true }, vendor } },
  }
}

async function start(file: string, args: string[]): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MEDKIT_LOG: 'error' },
  })
  running.push(child)
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (text) => {
      said += text
      const found = /http:\/\/[\d.]+:\d+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', () => reject(new Error(`${file} ended before it listened`)))
  })
  return { url, process: child }
}

async function post(url: string, headers: Record<string, string>, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

async function send(url: string, headers: Record<string, string>): Promise<void> {
  const type = { 'Content-Type': 'application/offset+octet-stream', 'Content-Length': String(size) }
  const sending = request(url, { method: 'PATCH', headers: { ...headers, ...type } })
  const answered = once(sending, 'response')
  await pipeline(Readable.from(chunks), sending)
  const [response] = await answered
  response.resume()
  if (response.statusCode !== 204) throw new Error(`${url} answered ${response.statusCode}`)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(contenders: readonly Contender[]): void {
  const speed = (ms: number) => `${(size / megabyte / (ms / 1_000)).toFixed(0)} MB/s`
  const ratio = (part: (one: Measured) => number) => {
    const [bare, relay] = contenders.map(({ measured }) => median(measured.map(part)))
    return (bare ?? Number.NaN) / (relay ?? Number.NaN)
  }
  for (const { name, measured } of contenders) {
    const growths = measured.map(({ growth }) => growth)
    console.log(
      `${name.padEnd(6)} up ${speed(median(measured.map(({ up }) => up)))}, on to the vendor ${speed(median(measured.map(({ on }) => on)))}, ` +
        `memory +${growths.map((growth) => growth.toFixed(0)).join(' +')} MB`,
    )
  }
  const [up, on, whole] = [ratio(({ up }) => up), ratio(({ on }) => on), ratio(({ up, on }) => up + on)]
  const growth = Math.max(...(contenders.at(-1)?.measured.map(({ growth }) => growth) ?? [Number.NaN]))
  console.log(
    `ratio ${whole.toFixed(2)} (up ${up.toFixed(2)}, on ${on.toFixed(2)}; at least ${leastRatio}), growth at most ${growth.toFixed(1)} MB (less than ${mostGrowthMb})`,
  )
  if (!(up >= leastRatio && whole >= leastRatio && growth < mostGrowthMb)) process.exitCode = 1
}
