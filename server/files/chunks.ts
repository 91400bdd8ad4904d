/** Small tools for streams of bytes that never hold more than a few chunks. */

import { FilesError } from './error.ts'

/** Reads a body chunk by chunk; leaving the loop early cancels the rest at its source. */
export async function* chunksOf(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const stop = () => void reader.cancel(signal?.reason).catch(() => {})
  signal?.addEventListener('abort', stop, { once: true })
  try {
    signal?.throwIfAborted()
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    // A cancelled stream reads as ended: an abort must not look like a complete body.
    signal?.throwIfAborted()
  } finally {
    signal?.removeEventListener('abort', stop)
    stop()
  }
}

/** Passes chunks on until they exceed `maxBytes`, then throws instead of passing the one too many. */
export async function* atMost(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of chunks) {
    seen += chunk.byteLength
    if (seen > maxBytes) throw new FilesError('too_large', `more than ${maxBytes} bytes`)
    yield chunk
  }
}
