/**
 * How often a ticket is read for itself, by how long ago something happened on it: after seconds, then minutes, then an
 * hour. Pure.
 */

/** Tickets on which something happened so long ago. */
export interface Tier {
  youngerThanMs: number
  olderThanMs: number
  everyMs: number
  /** Somebody may well be waiting for an answer: they go before what is merely old. */
  isRecent: boolean
}

/** What is known of changes without reading tickets. */
export interface Knowledge {
  /** Somebody looks on. */
  isWatched: boolean
  /** A hook or a list tells soon when something is said: then reading is the net below it. */
  isTold: boolean
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

/** Until which age, how often, how often where changes are told, and how often where nobody looks on. */
const table = [
  { untilMs: 2 * minute, everyMs: 7 * second, toldMs: minute, aloneMs: minute },
  { untilMs: 10 * minute, everyMs: 30 * second, toldMs: 5 * minute, aloneMs: 5 * minute },
  { untilMs: hour, everyMs: 2 * minute, toldMs: 15 * minute, aloneMs: 15 * minute },
  { untilMs: day, everyMs: 5 * minute, toldMs: 30 * minute, aloneMs: hour },
  { untilMs: 30 * day, everyMs: 10 * minute, toldMs: hour, aloneMs: hour },
  { untilMs: Number.POSITIVE_INFINITY, everyMs: hour, toldMs: day, aloneMs: day },
] as const
const recentMs = 10 * minute

export function tiersFor({ isWatched, isTold }: Knowledge): Tier[] {
  return table.map(({ untilMs, everyMs, toldMs, aloneMs }, index) => ({
    youngerThanMs: untilMs,
    olderThanMs: table[index - 1]?.untilMs ?? Number.NEGATIVE_INFINITY,
    everyMs: isTold ? (isWatched ? toldMs : Math.max(toldMs, aloneMs)) : isWatched ? everyMs : aloneMs,
    isRecent: untilMs <= recentMs,
  }))
}

/** How often a ticket is read that was written on, or looked at, so long ago. */
export function everyMsAt(ageMs: number, knowledge: Knowledge): number {
  const tier = tiersFor(knowledge).find(({ youngerThanMs }) => ageMs < youngerThanMs)
  return tier?.everyMs ?? day
}
