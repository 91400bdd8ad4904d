/**
 * The core of tus 1.0 (https://tus.io/protocols/resumable-upload): HEAD, PATCH and OPTIONS. The relay itself creates and
 * drops uploads, so the creation and termination extensions are not offered.
 *
 * Written out because @tus/server passes every chunk through five streams, which costs two thirds of the throughput of a
 * plain server, and because its S3 store gives up bytes it has already confirmed when a connection breaks.
 */

import type { BlobStore, Growing, UploadState } from './blob-store.ts'
import { atMost, chunksOf } from './chunks.ts'
import { FilesError } from './error.ts'
import { createUploadTimeout, Stopped, type UploadTimeout } from './upload-timeout.ts'

export interface UploadAnswer {
  response: Response
  finished: boolean
}

export interface Exchange {
  blobs: BlobStore
  growing: Growing
  request: Request
  id: string
  /** Aborted when somebody else wants the upload. */
  wanted: AbortSignal
  idleTimeoutMs: number
}

const version = '1.0.0'

/** Answers one request of an upload that the caller holds alone. */
export async function answer(exchange: Exchange): Promise<UploadAnswer> {
  const { growing, request, id } = exchange
  const method = methodOf(request)
  if (method === 'OPTIONS') return refuse(204)
  if (method !== 'HEAD' && method !== 'PATCH') return refuse(405, { Allow: 'HEAD, PATCH, OPTIONS' })
  // "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 [...] status."
  if (request.headers.get('Tus-Resumable') !== version) return refuse(412)
  const state = await growing.state(id)
  if (!state) return refuse(404)
  return method === 'HEAD' ? report(exchange, state) : patch(exchange, state)
}

async function report({ growing, id }: Exchange, state: UploadState): Promise<UploadAnswer> {
  const finished = await finishIfWhole(growing, id, state)
  const headers = { 'Upload-Offset': String(state.offset), 'Upload-Length': String(state.fileSize) }
  return { response: new Response(null, { status: 200, headers: tusHeaders(headers) }), finished }
}

async function patch(exchange: Exchange, state: UploadState): Promise<UploadAnswer> {
  const { growing, blobs, request, id } = exchange
  const wrong = refusePatch(request.headers, state)
  if (wrong) return refuse(wrong)
  const left = state.fileSize - state.offset
  // More than was announced is a lie about the size: nothing of it stays.
  if (Number(request.headers.get('Content-Length') ?? 0) > left) return drop(blobs, id)
  const failure = left > 0 ? await receive(exchange, state) : undefined
  if (failure instanceof FilesError && failure.code === 'too_large') return drop(blobs, id)
  const reached = await growing.state(id)
  if (!reached) return refuse(404)
  const finished = await finishIfWhole(growing, id, reached)
  if (failure instanceof FilesError) throw failure
  const status = failure && !finished ? (failure instanceof Stopped ? failure.status : 400) : 204
  const headers = tusHeaders({ 'Upload-Offset': String(reached.offset) })
  return { response: new Response(null, { status, headers }), finished }
}

/** "The Server MUST" refuse other content types with 415 and other offsets with 409, "without modifying the upload". */
function refusePatch(headers: Headers, state: UploadState): number | undefined {
  if (headers.get('Content-Type') !== 'application/offset+octet-stream') return 415
  const offset = headers.get('Upload-Offset')
  if (!offset || !/^\d{1,15}$/.test(offset)) return 400
  return Number(offset) === state.offset ? undefined : 409
}

/** Takes in what comes and keeps it; returns what ended it before its time. */
async function receive(exchange: Exchange, state: UploadState): Promise<Error | undefined> {
  const { growing, request, id, idleTimeoutMs } = exchange
  if (!request.body) return undefined
  const timeout = createUploadTimeout(idleTimeoutMs, exchange.wanted)
  const chunks = atMost(chunksOf(request.body, timeout.signal), state.fileSize - state.offset)
  try {
    await growing.append(id, state, watched(chunks, timeout))
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error('upload broken', { cause: error })
  } finally {
    timeout.end()
  }
}

async function* watched(chunks: AsyncIterable<Uint8Array>, timeout: UploadTimeout): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    timeout.renew()
    yield chunk
  }
}

/** Also after a HEAD: the relay may have died between the last byte and this. */
export async function finishIfWhole(growing: Growing, id: string, state: UploadState): Promise<boolean> {
  if (state.offset !== state.fileSize) return false
  if (!state.whole) await growing.finish(id, state)
  return true
}

async function drop(blobs: BlobStore, id: string): Promise<UploadAnswer> {
  await blobs.remove(id)
  return refuse(413)
}

/** "If [X-HTTP-Method-Override] is present [...] its value MUST be interpreted as the request's method." */
function methodOf(request: Request): string {
  const override = request.headers.get('X-HTTP-Method-Override')
  return request.method === 'POST' && override === 'PATCH' ? 'PATCH' : request.method
}

function refuse(status: number, headers: Record<string, string> = {}): UploadAnswer {
  const named = tusHeaders({ ...headers, 'Tus-Version': version })
  return { response: new Response(null, { status, headers: named }), finished: false }
}

function tusHeaders(headers: Record<string, string>): Record<string, string> {
  return { 'Tus-Resumable': version, 'Cache-Control': 'no-store', ...headers }
}
