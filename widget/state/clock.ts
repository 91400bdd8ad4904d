/** Time as an input, so that waiting can be tested without waiting. */

export interface Clock {
  now(): number
  /** @returns calls it off. */
  after(ms: number, run: () => void): () => void
}

/** Beyond this a browser's timer fires at once. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, longestTimerMs))
    return () => clearTimeout(timer)
  },
}
