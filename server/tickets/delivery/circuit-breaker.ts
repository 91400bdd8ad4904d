/**
 * How many deliveries one vendor key may have under way: a circuit breaker that, once the vendor is back, opens the flow
 * step by step instead of letting everything that has queued up loose at once.
 */
import type { Timers } from '../../runtime/clock.ts'
import { backoffMs } from './backoff.ts'

/** What a delivery says of its vendor's state. */
export type BreakerOutcome =
  | { ok: true }
  | {
      ok: false
      /** Which message it was: one that fails again says nothing new. */
      message: number
      retryAfterMs?: number | undefined
    }

export interface CircuitBreaker {
  /** How many more may be begun now. While the vendor is out, 0, and then 1: the probe. */
  room: () => number
  isOut: () => boolean
  began: () => void
  /** @param outcome - undefined when it says nothing of the vendor. @returns what changed for an operator to know */
  ended: (outcome: BreakerOutcome | undefined) => 'out' | 'back' | undefined
}

/** Different messages, with nothing taken between, before a vendor counts as out. One's failures may be its own. */
const failingBeforeOut = 3
const widest = 8
/** However long a vendor has been out, whoever writes now is tried within this time. */
const longestProbeMs = 30_000

export function createCircuitBreaker(timers: Timers, random: () => number): CircuitBreaker {
  const failing = new Set<number>()
  let underWay = 0
  let width = widest
  let probes = 0
  let outUntilMs = 0
  const isOut = () => failing.size >= failingBeforeOut

  function succeeded(): 'back' | undefined {
    const wasOut = isOut()
    failing.clear()
    probes = 0
    width = Math.min(widest, width + 1)
    return wasOut ? 'back' : undefined
  }

  function failed(message: number, retryAfterMs = 0): 'out' | undefined {
    const wasOut = isOut()
    // Enough to know that it is out; a long outage is not kept message by message.
    if (!wasOut) failing.add(message)
    if (!isOut()) return undefined
    width = 1
    // What was under way together fails together, and says it once.
    if (!wasOut || timers.elapsedMs() >= outUntilMs) probes++
    const waitMs = Math.min(longestProbeMs, backoffMs(probes, random()))
    outUntilMs = timers.elapsedMs() + Math.max(waitMs, backoffMs(1, 0, retryAfterMs))
    return wasOut ? undefined : 'out'
  }

  return {
    isOut,
    room: () => (isOut() && timers.elapsedMs() < outUntilMs ? 0 : Math.max(0, width - underWay)),
    began: () => {
      underWay++
    },
    ended: (outcome) => {
      underWay--
      if (!outcome) return undefined
      return outcome.ok ? succeeded() : failed(outcome.message, outcome.retryAfterMs)
    },
  }
}
