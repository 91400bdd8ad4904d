/**
 * 200 MB through the relay's uploads over HTTP, against piping the same bytes through a bare `node:http` server into a
 * file. Both run as processes of their own and take turns; what counts is the ratio of their medians, and the median of
 * how much the relay's resident memory grows at the most while the bytes pass. Fails below 0.7, or at 32 MB and more.
 *
 * The first 200 MB a process sees are reported apart: V8 lets buffers nobody needs any more pile up to a mark of its own
 * (some 70 MB) before it collects them, for the bare server just as for the relay.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer, Question } from './upload-server.ts'

const megabyte = 1024 * 1024
const size = 200 * megabyte
const rounds = Number(process.env.ROUNDS ?? 7)
const leastRatio = 0.7
const mostGrowthMb = 32

interface Contender {
  name: 'relay' | 'bare'
  process: ChildProcess
  port: number
  /** MB of the first upload. */
  cold: number
  speeds: number[]
  growths: number[]
}

const chunk = randomBytes(256 * 1024)
const contenders = [await start('bare'), await start('relay')]
for (const contender of contenders) contender.cold = (await measure(contender)).growth
for (let round = 0; round < rounds; round++) {
  for (const contender of round % 2 ? contenders : contenders.toReversed()) {
    const { speed, growth } = await measure(contender)
    contender.speeds.push(speed)
    contender.growths.push(growth)
  }
}
for (const { process } of contenders) process.disconnect()
report()

async function start(name: Contender['name']): Promise<Contender> {
  const child = fork(new URL('upload-server.ts', import.meta.url), [name])
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { name, process: child, port, cold: 0, speeds: [], growths: [] }
}

async function ask(contender: Contender, question: Question): Promise<Answer> {
  contender.process.send(question)
  const [answer] = await once(contender.process, 'message')
  return answer
}

/** MB a second, and MB of resident memory that were there at the most and not before. */
async function measure(contender: Contender): Promise<{ speed: number; growth: number }> {
  await ask(contender, 'watch')
  const ms = await upload(contender, size)
  const memory = await ask(contender, 'measured')
  if (!('peak' in memory)) throw new Error('no measurement')
  return { speed: size / megabyte / (ms / 1000), growth: (memory.peak - memory.before) / megabyte }
}

/** Milliseconds for the request alone; the file is removed afterwards so that the disk is as it was. */
async function upload(contender: Contender, bytes: number): Promise<number> {
  const id = randomBytes(16).toString('base64url')
  await ask(contender, { create: { id, size: bytes } })
  const started = performance.now()
  const status = await patch(contender.port, id, bytes)
  const ms = performance.now() - started
  if (status !== 204) throw new Error(`${contender.name} answered ${status}`)
  await ask(contender, { remove: id })
  return ms
}

async function patch(port: number, id: string, bytes: number): Promise<number> {
  const headers = {
    'Tus-Resumable': '1.0.0',
    'Upload-Offset': '0',
    'Content-Type': 'application/offset+octet-stream',
    'Content-Length': String(bytes),
  }
  const sending = request({ host: '127.0.0.1', port, path: `/uploads/${id}`, method: 'PATCH', headers })
  const answered = once(sending, 'response')
  const times = bytes / chunk.length
  await pipeline(Readable.from(Array.from({ length: times }, () => chunk)), sending)
  const [response] = await answered
  response.resume()
  return response.statusCode
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(): void {
  for (const { name, speeds, growths, cold } of contenders) {
    const speed = `${median(speeds).toFixed(0)} MB/s (${Math.min(...speeds).toFixed(0)}–${Math.max(...speeds).toFixed(0)})`
    const growth = `memory +${median(growths).toFixed(1)} MB, at most +${Math.max(...growths).toFixed(1)}, the first time +${cold.toFixed(1)}`
    console.log(`${name.padEnd(6)} ${speed}, ${growth}`)
  }
  const [bare, relay] = contenders
  const ratio = median(relay?.speeds ?? []) / median(bare?.speeds ?? [])
  const growth = median(relay?.growths ?? [])
  console.log(
    `ratio ${ratio.toFixed(2)} (at least ${leastRatio}), growth ${growth.toFixed(1)} MB (less than ${mostGrowthMb})`,
  )
  if (!(ratio >= leastRatio && growth < mostGrowthMb)) process.exitCode = 1
}
