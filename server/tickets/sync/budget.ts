/**
 * How often a vendor account may be asked: a token bucket. What is in it at the most and what flows in within a minute are
 * together the calls of a minute, so that no minute, wherever it begins, has more.
 */
import type { Timers } from '../../runtime/clock.ts'
import { VendorError } from '../../vendors/vendor.ts'

export interface Budget {
  /** Whether so many calls may leave now, when this part of a full bucket (0–1) stays for others. */
  has: (calls: number, keptBack: number) => boolean
  /** In how many milliseconds that may be so. */
  waitMs: (calls: number, keptBack: number) => number
  /** Takes so many out for what is about to be asked. */
  grant: (calls: number) => Grant
  /** The vendor has had too much: nothing leaves for so long, and then less than before for a while. */
  slowDown: (retryAfterMs: number | undefined) => void
  /** The vendor does not answer: nothing leaves for so long. */
  pause: (ms: number) => void
}

/** Calls that were taken out together. */
export interface Grant {
  /** Before each call: resolves at once while there are any left, then as soon as another flows in. @throws VendorError */
  take: (signal: AbortSignal) => Promise<void>
  /** How many left. */
  used: () => number
  /** Puts back what was not needed. */
  end: () => void
}

/** Of a minute's calls, how much may leave at once. */
const burstShare = 0.25
const leastBurst = 3
/** After a 429 that names no time. */
const usualRetryMs = 10_000
const slowest = 1 / 8
/** How long until all of it flows again after the last 429. */
const recoverMs = 300_000

/** @param isFull - false where another relay may have used up the minute that is under way */
export function createBudget(timers: Timers, callsPerMinute: number, { isFull = true } = {}): Budget {
  const most = Math.max(leastBurst, callsPerMinute * burstShare)
  const perMs = (callsPerMinute - most) / 60_000
  let tokens = isFull ? most : 0
  let filledAtMs = timers.elapsedMs()
  let closedUntilMs = 0
  let slowed = { atMs: 0, to: 1 }

  function rate(nowMs: number): number {
    return Math.min(1, slowed.to + ((1 - slowed.to) * (nowMs - slowed.atMs)) / recoverMs)
  }

  function fill(): number {
    const nowMs = timers.elapsedMs()
    const openMs = Math.max(0, nowMs - Math.max(filledAtMs, closedUntilMs))
    tokens = Math.min(most, tokens + openMs * perMs * rate(nowMs))
    filledAtMs = nowMs
    return nowMs
  }

  const neededFor = (calls: number, keptBack: number) => Math.min(most, calls + keptBack * most)

  function waitMs(calls: number, keptBack: number): number {
    const nowMs = fill()
    const lacking = neededFor(calls, keptBack) - tokens
    return Math.max(0, closedUntilMs - nowMs) + Math.max(0, lacking) / (perMs * rate(nowMs))
  }

  const has: Budget['has'] = (calls, keptBack) => waitMs(calls, keptBack) === 0

  async function takeOne(signal: AbortSignal): Promise<void> {
    while (!has(1, 0)) {
      if (signal.aborted) throw new VendorError('unreachable', 'the budget of the account is used up', neverLeft)
      await wait(timers, waitMs(1, 0), signal)
    }
    tokens -= 1
  }

  return {
    has,
    waitMs,

    grant(calls) {
      const isOpen = fill() >= closedUntilMs
      const taken = isOpen ? Math.min(calls, Math.max(0, Math.floor(tokens))) : 0
      tokens -= taken
      let used = 0
      return {
        async take(signal) {
          used += 1
          if (used > taken) await takeOne(signal)
        },
        used: () => used,
        end: () => {
          tokens = Math.min(most, tokens + Math.max(0, taken - used))
        },
      }
    },

    slowDown(retryAfterMs = usualRetryMs) {
      const nowMs = fill()
      slowed = { atMs: nowMs, to: Math.max(slowest, rate(nowMs) / 2) }
      closedUntilMs = Math.max(closedUntilMs, nowMs + retryAfterMs)
    },

    pause(ms) {
      closedUntilMs = Math.max(closedUntilMs, fill() + ms)
    },
  }
}

const neverLeft = { mayHaveActed: false }

/** Resolves after so long, or when the signal aborts. */
function wait(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = timers.after(Math.ceil(ms), end)
    signal.addEventListener('abort', end, { once: true })
  })
}
