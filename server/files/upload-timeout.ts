/** How long a request may hold an upload: as long as bytes come, and hardly longer once somebody else wants it. */

/** Ends a request from our side: 423 when a newer one wants the upload, 408 when nothing came for too long. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly status: 408 | 423

  constructor(status: 408 | 423) {
    super('upload stopped')
    this.status = status
  }
}

export interface UploadTimeout {
  /** Aborted, with {@link Stopped}, when it is at its end. */
  signal: AbortSignal
  /** Bytes came. */
  renew(): void
  /** Lets go of the timers. */
  end(): void
}

/** A connection that is still sending gets `drainMs` after each chunk and `lastMs` in all to hand over what is on its way. */
const drainMs = 100
const lastMs = 2_000

/**
 * @param wanted - aborted when somebody else wants the upload. A connection that died without a word looks like one that
 * is merely slow, so what has already reached this machine is taken in first.
 */
export function createUploadTimeout(idleTimeoutMs: number, wanted: AbortSignal): UploadTimeout {
  const over = new AbortController()
  const stopWith = (status: 408 | 423) => () => over.abort(new Stopped(status))
  const last = new AbortController()
  let idle = setTimeout(stopWith(408), idleTimeoutMs)
  let deadline: NodeJS.Timeout | undefined

  function hurry(): void {
    clearTimeout(idle)
    idle = setTimeout(stopWith(423), drainMs)
    deadline = setTimeout(stopWith(423), lastMs)
  }

  if (wanted.aborted) hurry()
  else wanted.addEventListener('abort', hurry, { once: true, signal: last.signal })

  return {
    signal: over.signal,
    renew: () => void idle.refresh(),
    end() {
      last.abort()
      clearTimeout(idle)
      clearTimeout(deadline)
    },
  }
}
