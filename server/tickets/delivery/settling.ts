/**
 * After an attempt whose end is unknown: when the vendor is asked whether it took the message, and when it has had time
 * enough to show it. Pure.
 */

/** What was taken usually shows soon; the last look is when the vendor's time is over. */
const looksAtMs = [3_000, 10_000, 30_000]
const leastWaitMs = 1_000

/** How an attempt with an unknown end stands. */
export interface Unsure {
  /** Since the end of the attempt, or as much of it as this relay can be sure has passed. */
  elapsedMs: number
  /** In vain, so far. */
  looks: number
}

/** @returns milliseconds until the next look */
export function nextLookMs(elapsedMs: number, settleMs: number): number {
  const next = [...looksAtMs.filter((at) => at < settleMs), settleMs].find((at) => at > elapsedMs) ?? elapsedMs
  return Math.max(leastWaitMs, next - elapsedMs)
}

/** Whether a look in vain now says that the message is not there: the vendor has had its time, and is asked again. */
export function isSettled({ elapsedMs, looks }: Unsure, settleMs: number): boolean {
  return elapsedMs >= settleMs && looks > 0
}
