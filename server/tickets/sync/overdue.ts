/** Finds in the ledger what has not been heard for longer than its age allows. */

import type { TicketId } from '../../contract/ids.ts'
import type { Clock, Timers } from '../../runtime/clock.ts'
import type { Store } from '../../store/store.ts'
import { type Knowledge, type Tier, tiersFor } from './intervals.ts'

export interface OverdueParts {
  store: Pick<Store, 'reading'>
  clock: Clock
  timers: Timers
  games: readonly string[]
  /** What has failed lately. */
  except: () => TicketId[]
}

export interface Overdue {
  /** On which something has just happened. */
  recent: (knowledge: Knowledge) => Promise<Late[]>
  /** Of the others the one that is latest for its age, and not wanted already. */
  latest: (knowledge: Knowledge, isWanted: (id: TicketId) => boolean) => Promise<Late | undefined>
}

export interface Late {
  id: TicketId
  /** For how long it should have been read. */
  lateMs: number
  /** How late that is for how often it is read. */
  ratio: number
}

/** Heard so far ahead of our clock: it was set back since. */
const aheadMs = 60_000
/** Where nothing was due, it is looked again after this part of the tier's time. */
const lookAgainShare = 1 / 8
const longestWaitMs = 60_000
const recentAtOnce = 20
/** Looking for those goes through all that is open: what was found is kept for a while. */
const restAtOnce = 50
const keptMs = 300_000
/** Of what has failed lately; the rest of it is passed over one by one. */
const mostExcepted = 100

export function createOverdue({ store, clock, timers, games, except }: OverdueParts): Overdue {
  /** By the tier's age. */
  const nextLookMs = new Map<number, number>()
  let kept: Late[] = []
  let keptUntilMs = 0

  async function lateIn(tier: Tier, limit: number): Promise<Late[]> {
    const { youngerThanMs, olderThanMs, everyMs } = tier
    if ((nextLookMs.get(youngerThanMs) ?? 0) > timers.elapsedMs()) return []
    const now = clock.now().getTime()
    const rows = await store.reading.due({
      games,
      updatedAfter: Math.max(0, now - youngerThanMs),
      // What happened by a clock that is ahead of ours has just happened.
      updatedBefore: olderThanMs === Number.NEGATIVE_INFINITY ? Number.MAX_SAFE_INTEGER : now - olderThanMs,
      heardBefore: now - everyMs,
      heardAfter: now + aheadMs,
      except: except().slice(0, mostExcepted),
      limit,
    })
    const waitMs = rows.length > 0 ? 0 : Math.min(longestWaitMs, everyMs * lookAgainShare)
    nextLookMs.set(youngerThanMs, timers.elapsedMs() + waitMs)
    return rows.map(({ id, heard_at }) => {
      const sinceMs = Math.max(0, now - Number(heard_at))
      return { id, lateMs: Math.max(0, sinceMs - everyMs), ratio: sinceMs / everyMs }
    })
  }

  async function allLate(knowledge: Knowledge): Promise<Late[]> {
    const late: Late[] = []
    for (const tier of tiersFor(knowledge)) if (!tier.isRecent) late.push(...(await lateIn(tier, restAtOnce)))
    return late.sort((one, other) => other.ratio - one.ratio)
  }

  return {
    async recent(knowledge) {
      const late: Late[] = []
      for (const tier of tiersFor(knowledge)) if (tier.isRecent) late.push(...(await lateIn(tier, recentAtOnce)))
      return late
    },

    async latest(knowledge, isWanted) {
      if (kept.length === 0 || timers.elapsedMs() > keptUntilMs) {
        kept = await allLate(knowledge)
        keptUntilMs = timers.elapsedMs() + keptMs
      }
      kept = kept.filter(({ id }) => !isWanted(id))
      return kept.shift()
    },
  }
}
