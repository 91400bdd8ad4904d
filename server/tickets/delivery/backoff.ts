/** How long to wait before the next attempt. Pure. */

const firstMs = 1_000
const longestMs = 300_000
const longestObeyedMs = 3_600_000

/**
 * Doubles with every attempt up to five minutes; half of it is jitter, so that messages queued together do not come back
 * together. A vendor's `Retry-After` is a floor, up to an hour.
 *
 * @param failures so far, 1 or more
 * @param random a number from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, random: number, retryAfterMs = 0): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 20))
  const wait = ceiling / 2 + (ceiling / 2) * random
  return Math.max(wait, Math.min(retryAfterMs, longestObeyedMs))
}
