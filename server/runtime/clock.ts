/** Time as a part that is handed in, so that a test can hold it still or let an hour pass. */

/** What time it is. Two machines may disagree, and any clock may be set while the relay runs. */
export interface Clock {
  now: () => Date
}

export const systemClock: Clock = { now: () => new Date() }

/** How much time has passed: what leases, deadlines and waits go by, because nobody can set it. */
export interface Timers {
  /** Milliseconds since some moment; it only ever grows, and goes on growing while the process is stopped. */
  elapsedMs: () => number
  /** Runs `act` once, so much later. @returns what calls it off. A timer alone keeps no process alive. */
  after: (ms: number, act: () => void) => () => void
}

export const systemTimers: Timers = {
  elapsedMs: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** Runs `act` again and again, with so much time between. @returns what ends it */
export function every(timers: Timers, ms: number, act: () => void): () => void {
  let cancel = timers.after(ms, tick)
  function tick(): void {
    cancel = timers.after(ms, tick)
    act()
  }
  return () => cancel()
}

/** A signal that aborts after so much time, by these timers. */
export function timeoutSignal(timers: Timers, ms: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController()
  const clear = timers.after(ms, () => controller.abort(new DOMException('timed out', 'TimeoutError')))
  return { signal: controller.signal, clear }
}
