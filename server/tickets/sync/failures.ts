/** Tickets that could not be read: each waits longer after each failure. And vendors: whoever answers nobody is left alone. */

import type { TicketId } from '../../contract/ids.ts'
import type { Timers } from '../../runtime/clock.ts'

/** Whose trouble it is: the vendor's, that it does not answer at all; the ticket's own; or nobody's, for it passes soon. */
export type Whose = 'vendor' | 'ticket' | 'nobody'

export interface Failures {
  /** @returns how long it waits now, in milliseconds */
  add: (id: TicketId, whose: Whose) => number
  /** It could be read: so can the vendor be asked. */
  clear: (id: TicketId) => void
  isWaiting: (id: TicketId) => boolean
  waiting: () => TicketId[]
  /** For how long nobody is asked, after that many in a row; 0 where it may be the tickets' own trouble. */
  pauseMs: () => number
}

const firstMs = 5_000
const longestMs = 3_600_000
/** Different tickets in a row before the vendor counts as out. */
const failingBeforeOut = 3
const longestPauseMs = 15_000
const remembered = 10_000

export function createFailures(timers: Timers): Failures {
  const failed = new Map<TicketId, { times: number; untilMs: number; whose: Whose }>()
  const inARow = new Set<TicketId>()
  let pauses = 0

  const isWaiting = (id: TicketId) => (failed.get(id)?.untilMs ?? 0) > timers.elapsedMs()

  return {
    isWaiting,

    add(id, whose) {
      const times = whose === 'nobody' ? 1 : (failed.get(id)?.times ?? 0) + 1
      const waitMs = Math.min(longestMs, firstMs * 2 ** (times - 1))
      failed.delete(id)
      failed.set(id, { times, untilMs: timers.elapsedMs() + waitMs, whose })
      const [oldest] = failed.keys()
      if (failed.size > remembered && oldest !== undefined) failed.delete(oldest)
      if (whose === 'vendor') inARow.add(id)
      return waitMs
    },

    clear(id) {
      failed.delete(id)
      inARow.clear()
      // What failed while it was out says nothing of those tickets.
      if (pauses > 0) for (const [other, { whose }] of failed) if (whose === 'vendor') failed.delete(other)
      pauses = 0
    },

    waiting: () => [...failed.keys()].filter(isWaiting),

    pauseMs() {
      if (inARow.size < failingBeforeOut) return 0
      pauses += 1
      return Math.min(longestPauseMs, 1_000 * 2 ** (pauses - 1))
    },
  }
}
