/**
 * Goes through a list of an account, page by page and again from the beginning, and finds what shows another state than
 * when it was last read. A list may lag, skip and lie: what it says nothing of is read all the same, by its age.
 */

import type { TicketId } from '../../contract/ids.ts'
import type { Clock, Timers } from '../../runtime/clock.ts'
import type { Store } from '../../store/store.ts'
import { type ListedLink, leftOut } from '../../store/sync.ts'
import type { AccountList } from './accounts.ts'
import type { Ask } from './read-ticket.ts'

export interface SweepParts {
  of: AccountList
  store: Store
  clock: Clock
  timers: Timers
  /** A list shows another state of a ticket's link than when it was last read. */
  onChanged: (id: TicketId, position: number, state: string) => void
}

export interface Sweep {
  /** Whether there is anything that the list could show. */
  isWorthwhile: () => Promise<boolean>
  /** Between its first page and its last. */
  isUnderWay: () => boolean
  /** Asks for the next page. @throws VendorError, and begins anew with the next */
  page: (ask: Ask) => Promise<void>
  /** Whether what is said on a ticket shows within so long, as far as the last time through says. */
  tellsWithin: (ms: number) => boolean
}

/** What a list would take in without end is begun anew. */
const mostPages = 400
/** Older ones are left to being read by their age: some lists would be leafed through back to the oldest. */
const longestMs = 30 * 86_400_000
/** How long it is remembered which is the oldest. */
const oldestKeptMs = 60_000
const rowsAtOnce = 250
/** Shown for the first time, and heard since: nothing is known to have changed. */
const settledMs = 3_600_000

interface Round {
  cursor: string | undefined
  since: Date
  beganMs: number
  pages: number
  /** Our links that it has shown. */
  shown: Set<string>
}

export function createSweep({ of: { list, games }, store, clock, timers, onChanged }: SweepParts): Sweep {
  let round: Round | undefined
  let last: { tookMs: number; endedMs: number } | undefined

  let oldest: { at: number; askedMs: number } | undefined

  async function oldestOpen(): Promise<number | undefined> {
    const askedMs = timers.elapsedMs()
    if (oldest && askedMs - oldest.askedMs < oldestKeptMs) return oldest.at
    const longest = clock.now().getTime() - longestMs
    const at = await store.reading.oldestOpen(games, longest)
    oldest = at === undefined ? undefined : { at: Math.max(at, longest), askedMs }
    return oldest?.at
  }

  async function begin(): Promise<Round> {
    const since = new Date((await oldestOpen()) ?? clock.now().getTime())
    return { cursor: undefined, since, beganMs: timers.elapsedMs(), pages: 0, shown: new Set() }
  }

  async function page(ask: Ask): Promise<void> {
    const now = round ?? (await begin())
    // One that fails begins anew: where it went on may not be good any more.
    round = undefined
    const { tickets, cursor } = await ask((signal) => list.page(now.cursor, now.since, signal))
    const states = new Map<string, string>(tickets.map(({ vendorTicketId, state }) => [vendorTicketId, state]))
    const ids = tickets.map(({ vendorTicketId }) => vendorTicketId)
    for (let start = 0; start < ids.length; start += rowsAtOnce) {
      const links = await store.reading.listed(games, ids.slice(start, start + rowsAtOnce))
      for (const link of links) now.shown.add(nameOf(link))
      await compare(links, states)
    }
    const next = { ...now, cursor, pages: now.pages + 1 }
    if (cursor !== undefined && next.pages < mostPages) round = next
    else await end(next)
  }

  async function compare(links: readonly ListedLink[], states: ReadonlyMap<string, string>): Promise<void> {
    const known: [ListedLink, string][] = []
    for (const link of links) {
      const state = states.get(link.vendor_ticket_id)
      if (state === undefined || state === link.seen) continue
      if (link.seen === null && isSettled(link)) known.push([link, state])
      else onChanged(link.ticket_id, link.position, state)
    }
    if (known.length === 0) return
    await store.transaction(async ({ reading }) => {
      for (const [{ ticket_id, position }, state] of known) await reading.saw(ticket_id, position, state)
    })
  }

  /** From before its list was looked at, and heard since something last happened on it. */
  function isSettled({ updated_at, heard_at, emptied }: ListedLink): boolean {
    if (emptied === 1) return true
    return Number(updated_at) < clock.now().getTime() - settledMs && Number(heard_at) > Number(updated_at)
  }

  async function end({ beganMs, cursor, shown }: Round): Promise<void> {
    const nowMs = timers.elapsedMs()
    last = { tookMs: nowMs - beganMs, endedMs: nowMs }
    if (cursor === undefined) await findLeftOut(shown)
  }

  /** Closed, removed, or moved between two pages: whoever reads it knows. */
  async function findLeftOut(shown: ReadonlySet<string>): Promise<void> {
    let after = { ticketId: '' as TicketId, position: 0 }
    for (;;) {
      const links = await store.reading.shownBefore(games, after, rowsAtOnce)
      for (const link of links) if (!shown.has(nameOf(link))) onChanged(link.ticket_id, link.position, leftOut)
      const end = links.at(-1)
      if (!end || links.length < rowsAtOnce) return
      after = { ticketId: end.ticket_id, position: end.position }
    }
  }

  return {
    isWorthwhile: async () => round !== undefined || (await oldestOpen()) !== undefined,
    isUnderWay: () => round !== undefined,
    page,
    tellsWithin(ms) {
      if (!list.showsMessages) return false
      const nowMs = timers.elapsedMs()
      // The first time through has until then.
      if (!last) return round !== undefined && nowMs - round.beganMs <= ms
      return last.tookMs <= ms && nowMs - last.endedMs <= ms
    },
  }
}

function nameOf({ ticket_id, position }: Pick<ListedLink, 'ticket_id' | 'position'>): string {
  return `${ticket_id} ${position}`
}
