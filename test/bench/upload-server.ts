/** A server of its own process for `upload.ts`: the relay's files room, or nothing but a pipe into a file. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createFiles } from '../../server/files/uploads.ts'
import { serve } from '../files/serve.ts'

/** What the parent asks for, one at a time; each is answered by {@link Answer}. */
export type Question = { create: { id: string; size: number } } | { remove: string } | 'watch' | 'measured'
/** Bytes of resident memory when `watch` was asked, and the most there were since. */
export type Answer = { port: number } | { done: true } | { before: number; peak: number }

const folder = await mkdtemp(join(tmpdir(), 'medkit-upload-'))
const server = process.argv[2] === 'relay' ? await relay() : await bare()
let before = 0
let peak = 0
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)

process.on('message', (question: Question) => {
  void answer(question).then((reply) => process.send?.(reply))
})
process.on('disconnect', () => {
  clearInterval(sampling)
  void rm(folder, { recursive: true, force: true }).then(() => process.exit())
})
process.send?.({ port: server.port } satisfies Answer)

async function answer(question: Question): Promise<Answer> {
  if (question === 'measured') return { before, peak: Math.max(peak, process.memoryUsage.rss()) }
  if (question === 'watch') {
    before = process.memoryUsage.rss()
    peak = before
  } else if ('create' in question) await server.create(question.create.id, question.create.size)
  else await server.remove(question.remove)
  return { done: true }
}

async function relay() {
  const files = createFiles(`file:${folder}`)
  const { port } = await serve(files)
  return { port, create: files.uploads.create, remove: files.uploads.remove }
}

async function bare() {
  const nameOf = (url = '') => join(folder, url.replaceAll('/', '_'))
  const http = createServer((request, response) => {
    pipeline(request, createWriteStream(nameOf(request.url))).then(
      () => response.writeHead(204).end(),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return { port, create: async () => {}, remove: (id: string) => rm(nameOf(`/uploads/${id}`), { force: true }) }
}
