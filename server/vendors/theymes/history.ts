/** What Theymes already holds of a player: tickets opened anywhere, and the one that carries a mark of ours. */
import { inBatches } from '../batch.ts'
import type { VendorParts } from '../parts.ts'
import { type Opening, type Vendor, VendorError, type VendorTicketId } from '../vendor.ts'
import type { TicketReader } from './tickets.ts'
import { subjectOf, ticketOf } from './translate.ts'
import type { TheymesEvent } from './wire.ts'

/** One further call a ticket, for its subject, the first time it is seen. */
const pageSize = 20
/** The newest tickets since the opening that are looked through for its mark: one call each. */
const searchedTickets = 20
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
    const query = { createdAfter: dayBefore(opening.sentAt), limit: searchedTickets }
    const { tickets: newest } = await tickets.find(opening.player, query, signal)
    for (const ticket of newest) {
      const events = await tickets.events(ticket.id, signal)
      if (events.some((event) => carries(event, opening))) return { vendorTicketId: ticket.id as VendorTicketId }
      if (events.some(isUnreadable)) throw unreadable()
    }
    return undefined
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
