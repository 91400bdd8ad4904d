/** Tickets that players look at: for a while each is read more often than its age alone would have it. */

import type { TicketId } from '../../contract/ids.ts'
import type { Timers } from '../../runtime/clock.ts'
import { everyMsAt, type Knowledge } from './intervals.ts'

export interface Viewers {
  looked: (id: TicketId) => void
  wasRead: (id: TicketId) => void
  /** What should be read by now, and since when. */
  due: (knowledge: Knowledge) => { id: TicketId; sinceMs: number }[]
}

const attentiveMs = 600_000
const remembered = 5_000

export function createViewers(timers: Timers): Viewers {
  /** In the order in which they were looked at last. */
  const looks = new Map<TicketId, { atMs: number; readAtMs: number }>()

  function forgetOld(): void {
    for (const [id, { atMs }] of looks) {
      if (looks.size <= remembered && timers.elapsedMs() - atMs < attentiveMs) return
      looks.delete(id)
    }
  }

  return {
    looked(id) {
      const nowMs = timers.elapsedMs()
      const readAtMs = looks.get(id)?.readAtMs ?? nowMs
      looks.delete(id)
      looks.set(id, { atMs: nowMs, readAtMs })
      forgetOld()
    },

    wasRead(id) {
      const look = looks.get(id)
      if (look) look.readAtMs = timers.elapsedMs()
    },

    due(knowledge) {
      forgetOld()
      const nowMs = timers.elapsedMs()
      return [...looks].flatMap(([id, { atMs, readAtMs }]) => {
        const sinceMs = readAtMs + everyMsAt(nowMs - atMs, knowledge)
        return sinceMs <= nowMs ? [{ id, sinceMs }] : []
      })
    },
  }
}
