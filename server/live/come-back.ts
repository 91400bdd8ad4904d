/**
 * After how long those whose stream breaks off come back: `retry:` of server-sent events. A relay that ends, or dies, would
 * else have all of them at its door, or at the next relay's, in the same second.
 */

/** Any relay needs a moment to start, and a line that broke a moment to be there again. */
const soonestMs = 1_000
const latestMs = 30_000
/** A relay takes up some 300 streams a second without keeping anybody else waiting. */
const eachMs = 3

/**
 * @param streams - how many there are to be taken up again; where they are few, all of them soon
 * @param place - of this one among them, from 0 to 1
 * @returns milliseconds
 */
export function comeBackAfterMs(streams: number, place: number): number {
  return Math.floor(soonestMs + place * Math.min(latestMs - soonestMs, streams * eachMs))
}
