/**
 * How many deliveries one vendor key may have under way: a circuit breaker that, once the vendor is back, opens the flow
 * step by step instead of letting everything that has queued up loose at once.
 */
import type { Clock } from '../clock.ts'
import { backoffMs } from './backoff.ts'

/** What a delivery says of its vendor's state. */
export type PaceOutcome = { ok: true } | { ok: false; retryAfterMs?: number | undefined }

export interface Pace {
  /** How many more may be begun now. While the vendor is out, 0, and then 1: the probe. */
  room: () => number
  began: () => void
  /** @param outcome - undefined when the vendor was not asked. @returns what changed for an operator to know */
  ended: (outcome: PaceOutcome | undefined) => 'out' | 'back' | undefined
}

/** In a row, before a vendor counts as out. One failure may be the message's own. */
const failuresBeforeOut = 3
const widest = 8

export function createPace(clock: Clock, random: () => number): Pace {
  let underWay = 0
  let width = widest
  let failures = 0
  let outUntil = 0
  const isOut = () => failures >= failuresBeforeOut

  return {
    room: () => (isOut() && clock.now().getTime() < outUntil ? 0 : Math.max(0, width - underWay)),
    began: () => {
      underWay++
    },
    ended: (outcome) => {
      underWay--
      if (!outcome) return undefined
      if (outcome.ok) {
        const wasOut = isOut()
        failures = 0
        width = Math.min(widest, width + 1)
        return wasOut ? 'back' : undefined
      }
      failures++
      if (!isOut()) return undefined
      width = 1
      const probes = failures - failuresBeforeOut + 1
      outUntil = clock.now().getTime() + backoffMs(probes, random(), outcome.retryAfterMs)
      return failures === failuresBeforeOut ? 'out' : undefined
    },
  }
}
