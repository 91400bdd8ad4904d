/** Looking at Theymes' tickets and events: always by game and player together, and never trusting that a filter held. */

import { type CannotTell, ofSeenTicket } from '../find.ts'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import type { VendorParts } from '../parts.ts'
import { isSettling, notShownYet } from '../settle.ts'
import { VendorError, type VendorMessage, type VendorPlayer, type VendorTicketRef } from '../vendor.ts'
import { isOwn, readEvents } from './translate.ts'
import { EventList, type TheymesConfig, TheymesTicket, TicketList } from './wire.ts'

export interface TicketQuery {
  ticketId?: string
  /** "Only return tickets created on or after this date": a date, no time. */
  createdAfter?: string
  cursor?: string | undefined
  limit: number
}

export interface TicketsPage {
  tickets: TheymesTicket[]
  /** Rows that do not fit, as they came: whose they are is not known. */
  unreadable: unknown[]
  cursor: string | undefined
}

export interface TicketReader {
  /** Newest first. @throws VendorError */
  find: (player: VendorPlayer, query: TicketQuery, signal: AbortSignal) => Promise<TicketsPage>
  /**
   * The one ticket, if it is this player's.
   *
   * @throws VendorError `missing` if it is not, or is nobody's; `busy` while it is so new that it may not show yet
   */
  own: (ref: VendorTicketRef, signal: AbortSignal) => Promise<TheymesTicket>
  /** Everything that happened on a ticket known to be the player's, the studio's own thoughts included, as it came. */
  events: (ticketId: string, signal: AbortSignal) => Promise<unknown[]>
  /** The public messages among them. @throws VendorError `unexpected` where not one of them can be read */
  messages: (ticketId: string, signal: AbortSignal) => Promise<TicketMessages>
}

export interface TicketMessages {
  messages: VendorMessage[]
  /** False where one could not be read. */
  isWhole: boolean
}

export interface TicketReaderParts {
  config: TheymesConfig
  http: VendorHttp
  parts: VendorParts
  cannotTell: CannotTell
}

const list = 'GET /tickets'

export function createTicketReader({ config, http, parts, cannotTell }: TicketReaderParts): TicketReader {
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
    const unreadable = answer.tickets.filter((row) => !TheymesTicket.safeParse(row).success)
    for (const _ of unreadable) parts.onDrift('theymes', `${list}: a row`)
    const readable = answer.tickets.flatMap((row) => TheymesTicket.safeParse(row).data ?? [])
    const tickets = readable.filter((ticket) => isOwn(ticket, player, gameId))
    for (let other = tickets.length; other < readable.length; other += 1) {
      parts.onHidden('theymes', 'ticket of another player')
    }
    if (tickets.length < readable.length) parts.onDrift('theymes', `${list}: a filter was ignored`)
    return { tickets, unreadable, cursor: answer.pagination?.cursor || undefined }
  }

  const own: TicketReader['own'] = async (ref, signal) => {
    const { vendorTicketId, player, openedAt } = ref
    const { tickets, unreadable } = await find(player, { ticketId: vendorTicketId, limit: 2 }, signal)
    const [ticket] = tickets
    if (tickets.length === 1 && ticket?.id === vendorTicketId) return ticket
    if (ticket) cannotTell(`${list}: the filter ticketId was ignored`)
    if (unreadable.length > 0) cannotTell(`${list}: the row that was asked for`)
    if (isSettling(openedAt, config, parts.clock)) throw notShownYet('theymes')
    throw new VendorError('missing', `theymes ${list}: no such ticket of this player`, { status: 404 })
  }

  const events: TicketReader['events'] = async (ticketId, signal) => {
    const call = http.call({ ...splitPath(paths.events), params: { ticketId }, schema: EventList, signal })
    return (await ofSeenTicket(call, paths.events, cannotTell)).events
  }

  const messages: TicketReader['messages'] = async (ticketId, signal) => {
    const reading = readEvents(await events(ticketId, signal), agentMessageTypes, paths.attachment !== undefined)
    for (const kind of reading.hidden) parts.onHidden('theymes', kind)
    for (const field of reading.broken) parts.onDrift('theymes', `${paths.events}: ${field}`)
    const isWhole = reading.broken.length === 0
    if (isWhole || reading.messages.length > 0) return { messages: reading.messages, isWhole }
    throw new VendorError('unexpected', `theymes ${paths.events}: not one message fits`)
  }

  return { find, own, events, messages }
}
