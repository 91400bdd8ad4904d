/** What is to be read at one account, and why. Each ticket is in it once, for the best of its reasons. */
import type { TicketId } from '../../contract/ids.ts'

/**
 * `hint`: the vendor says that something changed. `look`: a player looks at it now. `changed`: a list shows another state
 * than before. `recent`: it was just written on or looked at. `rest`: it was not heard for long. First things first.
 */
const reasons = ['hint', 'look', 'changed', 'recent', 'rest'] as const
export type Reason = (typeof reasons)[number]

export interface Want {
  id: TicketId
  reason: Reason
  /** By the timers, when it was first wanted. */
  sinceMs: number
  /** And before when it is not to be read. */
  notBeforeMs: number
  /** Positions that a hint named, or that a list showed in another state: in this one. */
  positions: ReadonlyMap<number, string | undefined>
  /** Nothing but those positions. */
  only: boolean
  /** Failures so far. */
  tries: number
  /** Settles when it was read, or could not be. */
  done: PromiseWithResolvers<void>
}

export interface ReadQueue {
  /** Adds a ticket, or another reason to want it. Undefined where there is no more room. */
  add: (want: Omit<Want, 'done'>) => Want | undefined
  /** What is to be read next, without taking it out. */
  next: (nowMs: number, isUnderWay: (id: TicketId) => boolean) => Want | undefined
  take: (want: Want) => void
  has: (id: TicketId) => boolean
  all: () => Iterable<Want>
}

/** Past it, only hints and what a player waits for are taken: all else is found again. */
const roomForAll = 2_000
const roomForUrgent = 20_000

export function createReadQueue(): ReadQueue {
  const wants = new Map<TicketId, Want>()

  function isFull(reason: Reason): boolean {
    return wants.size >= (reason === 'hint' || reason === 'look' ? roomForUrgent : roomForAll)
  }

  return {
    add(want) {
      const known = wants.get(want.id)
      if (!known && isFull(want.reason)) return undefined
      const added = known ? merged(known, want) : { ...want, done: Promise.withResolvers<void>() }
      wants.set(want.id, added)
      return added
    },

    next(nowMs, isUnderWay) {
      let best: Want | undefined
      for (const want of wants.values())
        if (want.notBeforeMs <= nowMs && (!best || isBefore(want, best)) && !isUnderWay(want.id)) best = want
      return best
    },

    take: ({ id }) => void wants.delete(id),
    has: (id) => wants.has(id),
    all: () => wants.values(),
  }
}

function merged(known: Want, more: Omit<Want, 'done'>): Want {
  return {
    ...known,
    reason: orderOf(more) < orderOf(known) ? more.reason : known.reason,
    // Who looks now, waits now.
    sinceMs: more.reason === 'look' ? more.sinceMs : known.sinceMs,
    notBeforeMs: Math.min(known.notBeforeMs, more.notBeforeMs),
    positions: new Map([...known.positions, ...more.positions]),
    only: known.only && more.only,
  }
}

/** Of looks the last one first: whoever has waited longer has had the ledger's answer by now. */
function isBefore(one: Want, other: Want): boolean {
  const by = orderOf(one) - orderOf(other)
  if (by !== 0) return by < 0
  return one.reason === 'look' ? one.sinceMs > other.sinceMs : one.sinceMs < other.sinceMs
}

function orderOf({ reason }: Pick<Want, 'reason'>): number {
  return reasons.indexOf(reason)
}
