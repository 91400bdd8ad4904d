/** Looking at Theymes' tickets and events: always by game and player together, and never trusting that a filter held. */
import { splitPath } from '../address.ts'
import type { VendorHttp } from '../http.ts'
import type { VendorParts } from '../parts.ts'
import { VendorError, type VendorMessage, type VendorPlayer, type VendorTicketRef } from '../vendor.ts'
import { isOwn, readEvents } from './translate.ts'
import { EventList, type TheymesConfig, type TheymesEvent, type TheymesTicket, TicketList } from './wire.ts'

export interface TicketQuery {
  ticketId?: string
  /** "Only return tickets created on or after this date": a date, no time. */
  createdAfter?: string
  cursor?: string | undefined
  limit: number
}

export interface TicketReader {
  /** Newest first. @throws VendorError */
  find: (
    player: VendorPlayer,
    query: TicketQuery,
    signal: AbortSignal,
  ) => Promise<{ tickets: TheymesTicket[]; cursor: string | undefined }>
  /** The one ticket, if it is this player's. @throws VendorError `missing` */
  own: (ref: VendorTicketRef, signal: AbortSignal) => Promise<TheymesTicket>
  /** Everything that happened on a ticket known to be the player's, the studio's own thoughts included. */
  events: (ticketId: string, signal: AbortSignal) => Promise<TheymesEvent[]>
  /** The public messages among them. */
  messages: (ticketId: string, signal: AbortSignal) => Promise<VendorMessage[]>
}

export function createTicketReader(config: TheymesConfig, http: VendorHttp, parts: VendorParts): TicketReader {
  const { gameId, paths, agentMessageTypes } = config

  const find: TicketReader['find'] = async (player, query, signal) => {
    const answer = await http.call({
      method: 'GET',
      path: '/tickets',
      // An empty player id is no filter at all there; the address refuses to be made with one.
      query: { gameId, playerId: player.id, order: 'desc', ...query },
      schema: TicketList,
      signal,
    })
    const tickets = answer.tickets.filter((ticket) => isOwn(ticket, player, gameId))
    for (let other = tickets.length; other < answer.tickets.length; other += 1) {
      parts.onHidden('theymes', 'ticket of another player')
    }
    if (tickets.length < answer.tickets.length) parts.onDrift('theymes', 'GET /tickets: a filter was ignored')
    return { tickets, cursor: answer.pagination?.cursor || undefined }
  }

  const own: TicketReader['own'] = async ({ vendorTicketId, player }, signal) => {
    const { tickets } = await find(player, { ticketId: vendorTicketId, limit: 2 }, signal)
    const [ticket] = tickets
    if (!ticket)
      throw new VendorError('missing', 'theymes GET /tickets: no such ticket of this player', { status: 404 })
    if (tickets.length === 1 && ticket.id === vendorTicketId) return ticket
    parts.onDrift('theymes', 'GET /tickets: the filter ticketId was ignored')
    throw new VendorError('unexpected', 'theymes GET /tickets: answered other tickets than the one asked for')
  }

  const events: TicketReader['events'] = async (ticketId, signal) => {
    const answer = await http.call({ ...splitPath(paths.events), params: { ticketId }, schema: EventList, signal })
    return answer.events
  }

  const messages: TicketReader['messages'] = async (ticketId, signal) => {
    const reading = readEvents(await events(ticketId, signal), agentMessageTypes, paths.attachment !== undefined)
    for (const kind of reading.hidden) parts.onHidden('theymes', kind)
    if (reading.broken === undefined) return reading.messages
    parts.onDrift('theymes', `${paths.events}: ${reading.broken}`)
    throw new VendorError('unexpected', `theymes ${paths.events}: answered a message that does not fit`)
  }

  return { find, own, events, messages }
}
