/** What Theymes already holds of a player: tickets opened anywhere, and the one that carries a mark of ours. */
import { inBatches } from '../batch.ts'
import type { VendorParts } from '../parts.ts'
import { type Opening, type Vendor, VendorError, type VendorTicketId } from '../vendor.ts'
import type { TicketReader } from './tickets.ts'
import { subjectOf, ticketOf } from './translate.ts'
import type { TheymesEvent, TheymesTicket } from './wire.ts'

/** One further call a ticket, for its subject, the first time it is seen. */
const pageSize = 20
/**
 * Looked through for a mark: what the player has opened since they wrote the message; one call for each that is not known
 * to be another message's.
 */
const searchedPage = 1_000
const searchedPages = 3
/** How far the two clocks may be apart. */
const skewMs = 10 * 60 * 1000
const keptSubjects = 2_000
const dayMs = 24 * 60 * 60 * 1000

export interface History {
  list: NonNullable<Vendor['list']>
  findOpened: NonNullable<Vendor['findOpened']>
}

export function createHistory(tickets: TicketReader, parts: VendorParts): History {
  /** A ticket's first message never changes. */
  const subjects = new Map<string, string>()

  async function subjectFor(ticketId: string, signal: AbortSignal): Promise<string> {
    const known = subjects.get(ticketId)
    if (known !== undefined) return known
    const subject = subjectOf(await tickets.messages(ticketId, signal))
    const [oldest] = subjects.keys()
    if (subjects.size >= keptSubjects && oldest !== undefined) subjects.delete(oldest)
    subjects.set(ticketId, subject)
    return subject
  }

  const list: History['list'] = async (player, cursor, signal) => {
    const page = await tickets.find(player, { limit: pageSize, cursor }, signal)
    const found = await inBatches(page.tickets, async (ticket) => ticketOf(ticket, await subjectFor(ticket.id, signal)))
    return { tickets: found, cursor: page.cursor }
  }

  const findOpened: History['findOpened'] = async (opening, signal) => {
    for await (const { id } of openedSince(opening, signal)) {
      if (opening.linked?.has(id as VendorTicketId)) continue
      if (await holds(id, opening, signal)) return { vendorTicketId: id as VendorTicketId }
    }
    return undefined
  }

  /** Newest first, back to the time the message was written. */
  async function* openedSince({ player, sentAt }: Opening, signal: AbortSignal): AsyncGenerator<TheymesTicket> {
    let cursor: string | undefined
    for (let page = 0; page < searchedPages; page++) {
      const query = { createdAfter: dayBefore(sentAt), limit: searchedPage, cursor }
      const found = await tickets.find(player, query, signal)
      const isRecent = ({ createdAt }: TheymesTicket) => createdAt.getTime() >= sentAt.getTime() - skewMs
      yield* found.tickets.filter(isRecent)
      cursor = found.cursor
      if (cursor === undefined || !found.tickets.every(isRecent)) return
    }
  }

  async function holds(ticketId: string, opening: Opening, signal: AbortSignal): Promise<boolean> {
    const events = await tickets.events(ticketId, signal)
    if (events.some((event) => carries(event, opening))) return true
    if (events.some(isUnreadable)) throw unreadable()
    return false
  }

  /** To say that the mark is not there, when it may be, would send the message twice. */
  function unreadable(): VendorError {
    parts.onDrift('theymes', 'events: a player’s message that cannot be read')
    return new VendorError('unexpected', 'theymes events: cannot tell whether a message has arrived')
  }

  return { list, findOpened }
}

function carries(event: TheymesEvent, { mark }: Opening): boolean {
  return typeof event.message === 'string' && event.message.includes(mark)
}

function isUnreadable(event: TheymesEvent): boolean {
  const hasFiles = Array.isArray(event.attachments) && event.attachments.length > 0
  return event.type === 'PLAYER_MESSAGE' && typeof event.message !== 'string' && !hasFiles
}

/** As the date-only filter takes it; a day earlier, because the two clocks may disagree about the date. */
function dayBefore(time: Date): string {
  return new Date(time.getTime() - dayMs).toISOString().slice(0, 10)
}
