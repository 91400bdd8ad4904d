/** A player's device that sends files over a bad line to a relay that dies: it asks where it stood, and goes on from there. */
import { createHash } from 'node:crypto'
import { type ClientRequest, request } from 'node:http'

export interface SentFile {
  name: string
  hash: string
  /** The relay once stood behind what it had confirmed. */
  startedOver: boolean
}

export interface Sender {
  /** Resolves when the relay has taken a ticket with the file. */
  send: (name: string, bytes: Buffer<ArrayBuffer>) => Promise<SentFile>
  /** Bytes are on the line just now. */
  isSending: () => boolean
  /** Cuts the line. @returns whether bytes were on it */
  cut: () => boolean
}

interface SenderParts {
  game: string
  /** Undefined while no relay listens. */
  address: () => string | undefined
}

const retryMs = 30
const answerMs = 5_000
/** Small pieces with a rest between them, as over a line that is slower than a disk. */
const pieceBytes = 64 * 1024
const tus = { 'Tus-Resumable': '1.0.0' }

export function createSender({ game, address }: SenderParts): Sender {
  let running: ClientRequest | undefined
  let token: string | undefined

  async function persist<T>(attempt: (at: string) => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const at = address()
      const result = at === undefined ? undefined : await attempt(at).catch(() => undefined)
      if (result !== undefined) return result
      await pause(retryMs)
    }
  }

  async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return persist(async (at) => {
      const signal = AbortSignal.timeout(answerMs)
      const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const init = { method: 'POST', body: JSON.stringify(body), headers: { ...bearer, ...headers }, signal }
      const response = await fetch(`${at}${path}`, init)
      return response.status === 201 ? ((await response.json()) as T) : undefined
    })
  }

  function standing(path: string): Promise<number> {
    return persist(async (at) => {
      const headers = { ...tus, authorization: `Bearer ${token}` }
      const response = await fetch(`${at}${path}`, { method: 'HEAD', headers, signal: AbortSignal.timeout(answerMs) })
      return response.status === 200 ? Number(response.headers.get('upload-offset')) : undefined
    })
  }

  /** @returns what the relay confirmed; undefined when the line broke first */
  async function patch(path: string, bytes: Buffer, offset: number): Promise<number | undefined> {
    const at = address()
    if (at === undefined) return undefined
    const headers = {
      ...tus,
      authorization: `Bearer ${token}`,
      'Upload-Offset': String(offset),
      'Content-Type': 'application/offset+octet-stream',
      'Content-Length': String(bytes.length - offset),
    }
    const sending = request(`${at}${path}`, { method: 'PATCH', headers })
    running = sending
    const answered = new Promise<number | undefined>((resolve) => {
      sending.once('response', (response) => {
        response.resume()
        resolve(response.statusCode === 204 ? Number(response.headers['upload-offset']) : undefined)
      })
      sending.once('close', () => resolve(undefined))
      sending.on('error', () => resolve(undefined))
    })
    for (let from = offset; from < bytes.length && !sending.destroyed; from += pieceBytes) {
      sending.write(bytes.subarray(from, from + pieceBytes))
      await pause(2)
    }
    sending.end()
    const confirmed = await answered
    running = undefined
    return confirmed
  }

  return {
    async send(name, bytes) {
      token ??= (await post<{ token: string }>('/v1/sessions', { game, kind: 'anonymous' })).token
      const declared = { fileName: name, fileType: 'image/png', fileSize: bytes.length }
      const { id, upload } = await post<{ id: string; upload: { url: string } }>('/v1/attachments', declared)
      const path = new URL(upload.url).pathname
      let confirmed = 0
      let startedOver = false
      for (let offset = 0; offset < bytes.length; offset = await standing(path)) {
        startedOver ||= offset < confirmed
        confirmed = Math.max(offset, (await patch(path, bytes, offset)) ?? 0)
      }
      const body = { message: `file:${name};`, language: 'en', attachments: [id] }
      await post('/v1/tickets', body, { 'idempotency-key': name })
      return { name, hash: createHash('sha256').update(bytes).digest('hex'), startedOver }
    },
    isSending: () => running !== undefined,
    cut: () => {
      const was = running !== undefined
      running?.destroy()
      return was
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
