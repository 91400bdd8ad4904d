/** What Theymes already holds of a player: tickets opened anywhere, and the one that carries a mark of ours. */

import { type CannotTell, isLinked, isOlder, isPastAll, type SearchResult, unlessRefused } from '../find.ts'
import { whatFits } from '../http/batch.ts'
import { type Opening, type Vendor, VendorError, type VendorTicket, type VendorTicketId } from '../vendor.ts'
import type { TicketReader } from './reader.ts'
import { dayBefore, type ListedOpening, openingOf, ticketOf } from './translate.ts'
import { SoughtEvent, type TheymesTicket, TheymesTicketPlace } from './wire.ts'

/** One further call a ticket, for its subject, the first time it is seen. */
const pageSize = 20
/** Looked through for a mark: what the player has opened since they wrote the message. */
const searchedPage = 1_000
const maxPages = 20
/** Of these, tickets whose events are read: one call each. */
const maxCandidates = 50
const keptOpenings = 2_000

const ticketsCall = 'GET /tickets'

export interface Find {
  list: NonNullable<Vendor['list']>
  findOpened: NonNullable<Vendor['findOpened']>
}

/** Tickets that could be an opening's. */
interface Candidates {
  ids: string[]
  /** Why the opening may be another all the same. */
  doubt: string | undefined
}

export function createFind(tickets: TicketReader, cannotTell: CannotTell): Find {
  /** A ticket's first message never changes. */
  const openings = new Map<string, ListedOpening>()

  async function openingFor(ticketId: string, signal: AbortSignal): Promise<ListedOpening> {
    const known = openings.get(ticketId)
    if (known !== undefined) return known
    const { messages, isWhole } = await tickets.messages(ticketId, signal)
    const opening = openingOf(messages)
    if (isWhole) remember(ticketId, opening)
    return opening
  }

  function remember(ticketId: string, opening: ListedOpening): void {
    const [oldest] = openings.keys()
    if (openings.size >= keptOpenings && oldest !== undefined) openings.delete(oldest)
    openings.set(ticketId, opening)
  }

  const list: Find['list'] = async (player, cursor, signal) => {
    const page = await tickets.find(player, { limit: pageSize, cursor }, signal)
    if (page.tickets.length === 0 && page.unreadable.length > 0) cannotTell(`${ticketsCall}: every row`)
    const titled = async (ticket: TheymesTicket): Promise<VendorTicket> =>
      ticketOf(ticket, await openingFor(ticket.id, signal))
    return { tickets: await whatFits(page.tickets, titled), cursor: page.cursor }
  }

  const findOpened: Find['findOpened'] = async (opening, signal) => {
    const { ids, doubt } = await candidatesFor(opening, signal)
    let unread = ids.length > maxCandidates ? `${ticketsCall}: more new tickets than are looked at` : doubt
    for (const id of ids.slice(0, maxCandidates)) {
      const { found, drifted } = await markOn(id, opening, signal)
      if (found) return { vendorTicketId: found }
      if (drifted) unread = 'events: a player’s message that cannot be read'
    }
    return unread === undefined ? undefined : cannotTell(unread)
  }

  /** Newest first, back to the time the message was written. */
  async function candidatesFor(opening: Opening, signal: AbortSignal): Promise<Candidates> {
    const { player, sentAt } = opening
    const found: TheymesTicket[] = []
    // A ticket opened between two pages moves another into both.
    const idsOf = () => [...new Set(found.filter((ticket) => mayBe(ticket, opening)).map(({ id }) => id))]
    let doubt: string | undefined
    let cursor: string | undefined
    for (let page = 0; page < maxPages; page += 1) {
      const query = { createdAfter: dayBefore(sentAt), limit: searchedPage, cursor }
      const look = tickets.find(player, query, signal)
      const answer = await unlessRefused(look, () => cannotTell(`${ticketsCall}: refused`))
      found.push(...answer.tickets)
      if (answer.unreadable.some((row) => mayBe(TheymesTicketPlace.safeParse(row).data ?? {}, opening)))
        doubt = `${ticketsCall}: a row that may be what is looked for`
      cursor = answer.cursor
      const times = found.map(({ createdAt }) => createdAt)
      if (cursor === undefined || isPastAll(times, opening)) return { ids: idsOf(), doubt }
    }
    return { ids: idsOf(), doubt: doubt ?? `${ticketsCall}: more rows than are looked at` }
  }

  async function markOn(
    ticketId: string,
    { mark }: Opening,
    signal: AbortSignal,
  ): Promise<SearchResult<VendorTicketId>> {
    const rows = await tickets.events(ticketId, signal).catch(unlessUntold)
    const events = rows?.map((row) => SoughtEvent.safeParse(row).data)
    const isThere = events?.some((event) => event?.message?.includes(mark))
    return {
      found: isThere ? (ticketId as VendorTicketId) : undefined,
      drifted: events === undefined || events.some(isUnreadable),
    }
  }

  return { list, findOpened }
}

/** Neither another message's already nor older than the player's words. */
function mayBe({ id, createdAt }: TheymesTicketPlace, opening: Opening): boolean {
  return !isLinked(id, opening) && !isOlder(createdAt, opening)
}

/** What one ticket does not tell, another may. */
function unlessUntold(error: unknown): undefined {
  if (!(error instanceof VendorError) || !['refused', 'unexpected'].includes(error.code)) throw error
}

/** That it is a player's, or may be one, and has neither words nor, in their place, files. */
function isUnreadable(event: SoughtEvent | undefined): boolean {
  if (!event) return true
  const mayBePlayers = event.type === 'PLAYER_MESSAGE' || typeof event.type !== 'string'
  return mayBePlayers && event.message === undefined && event.attachments.length === 0
}
