/** Bounds on one exchange: how long without progress, and how many bytes. */

export interface Deadline {
  signal: AbortSignal
  /** Whether it was time that ran out, and not the caller who gave up. */
  expired: () => boolean
  /** Something moved: the time starts anew. */
  touch: () => void
  /** It is our turn now, and the time does not count until {@link touch}. */
  rest: () => void
  clear: () => void
}

export function createDeadline(timeoutMs: number, outer: AbortSignal): Deadline {
  const controller = new AbortController()
  let expired = false
  const expire = () => {
    expired = true
    controller.abort(new Error('timed out'))
  }
  let timer = setTimeout(expire, timeoutMs)
  let isOver = false
  const stop = () => controller.abort(outer.reason)
  if (outer.aborted) stop()
  else outer.addEventListener('abort', stop, { once: true })
  return {
    signal: controller.signal,
    expired: () => expired,
    touch: () => {
      clearTimeout(timer)
      if (!isOver) timer = setTimeout(expire, timeoutMs)
    },
    rest: () => clearTimeout(timer),
    clear: () => {
      isOver = true
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    },
  }
}

export interface ProgressWatch {
  /** The next bytes are wanted; until they come, it is the source that is waited for. */
  onWait?: () => void
  onProgress: () => void
  onEnd?: () => void
  /** What a failure of the source becomes. */
  failure?: (error: unknown) => unknown
}

/** Passes bytes on and tells of each chunk, so that a large file may take long but a stalled one may not. */
export function watched(body: ReadableStream<Uint8Array>, watch: ProgressWatch): ReadableStream<Uint8Array> {
  const { onWait = () => undefined, onProgress, onEnd = () => undefined, failure = (error: unknown) => error } = watch
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          onWait()
          const { done, value } = await reader.read()
          onProgress()
          if (!done) return controller.enqueue(value)
          onEnd()
          controller.close()
        } catch (error) {
          onEnd()
          throw failure(error)
        }
      },
      async cancel(reason) {
        onEnd()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The body as text, or `undefined` as soon as it is over `maxBytes` (counted after decompression). */
export async function readCapped(response: Response, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the body, and with it the connection.
    if (bytes > maxBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
