/**
 * Players' tickets in Threada. What it publishes is little more than a way in: without further paths from the studio a
 * ticket is opened and answered by e-mail. Nothing Threada returns says whose a ticket is, so that is the ledger's word alone.
 */
import type { Can } from '../../contract/can.ts'
import { splitPath } from '../address.ts'
import { createVendorHttp } from '../http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
import {
  type Opened,
  type Opening,
  type Replied,
  type Reply,
  type Vendor,
  type VendorConversation,
  VendorError,
  type VendorMessageId,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendor.ts'
import { conversationOf, messageWithMark, newMessageOf, newTicketOf, ticketWithMark } from './translate.ts'
import { AnyAnswer, AppendedMessage, CreatedTicket, ReadTicket, type ThreadaConfig, TicketPage } from './wire.ts'

const kind = 'threada'

/** The sample's own. No cap is published, so none is tried. */
const pageSize = 25
const maxPages = 40

function canOf({ paths }: ThreadaConfig): Can {
  return {
    open: true,
    reply: paths.messages ? 'thread' : 'follow-up',
    reopen: paths.update ? 'native' : 'follow-up',
    close: paths.update !== undefined,
    answers: paths.ticket ? 'thread' : 'email',
    attachments: linkedAttachments,
    history: 'relay',
    deletion: 'request',
    rating: false,
    push: 'poll',
  }
}

/**
 * `external_message_id` goes along with everything, but nobody says that it de-duplicates. Looking for our mark needs the
 * scope to read, which a studio that reads nothing here should not have granted.
 */
function onceOf({ paths }: ThreadaConfig): Vendor['once'] {
  return { open: paths.ticket ? 'relay' : 'marked', reply: paths.ticket && paths.messages ? 'relay' : 'marked' }
}

export function createThreada(config: ThreadaConfig, parts: VendorParts): Vendor {
  const http = createVendorHttp({
    vendor: kind,
    baseUrl: config.baseUrl,
    headers: { 'X-Api-Key': config.apiKey },
    secrets: [config.apiKey],
    clock: parts.clock,
    onDrift: (what) => parts.onDrift(kind, what),
    ...parts.http,
  })
  const { paths } = config
  const can = canOf(config)

  async function open(opening: Opening, signal: AbortSignal): Promise<Opened> {
    const json = newTicketOf(opening, can.answers)
    const { ticket } = await http.call({ method: 'POST', path: ticketsPath, json, schema: CreatedTicket, signal })
    return { vendorTicketId: ticket.summary.ticket_id as VendorTicketId }
  }

  /**
   * Pages through the open tickets for the tag; a ticket somebody has closed meanwhile is not among them.
   *
   * @throws VendorError `unexpected` where a row could not be read: to say "not there" would open the ticket twice
   */
  async function findOpened({ mark }: Opening, signal: AbortSignal): Promise<Opened | undefined> {
    let drifted = false
    let token: string | undefined
    for (let page = 0; page < maxPages; page += 1) {
      const query = { limit: pageSize, page_token: token }
      const answer = await http.call({ method: 'GET', path: ticketsPath, query, schema: TicketPage, signal })
      const sought = ticketWithMark(answer.items, mark)
      if (sought.found) return sought.found
      drifted ||= sought.drifted
      token = answer.next_page_token || undefined
      if (!token) break
    }
    return drifted ? cannotTell('a row of the list of tickets') : undefined
  }

  function cannotTell(what: string): never {
    parts.onDrift(kind, what)
    throw new VendorError('unexpected', `threada: ${what} does not fit`)
  }

  function fetchWith(path: string) {
    return async ({ vendorTicketId }: VendorTicketRef, signal: AbortSignal): Promise<ReadTicket> => {
      const params = { ticketId: vendorTicketId }
      const answer = await http.call({ ...splitPath(path), params, schema: ReadTicket, signal })
      if (answer.ticket.summary.ticket_id === vendorTicketId) return answer
      throw new VendorError('missing', 'threada: another ticket')
    }
  }

  function readWith(fetchTicket: ReturnType<typeof fetchWith>) {
    return async (ref: VendorTicketRef, signal: AbortSignal): Promise<VendorConversation> => {
      const { hidden, drifted, ...shown } = conversationOf(await fetchTicket(ref, signal), config.agentRoles)
      for (let count = 0; count < hidden; count += 1) parts.onHidden(kind, 'message of an unknown role')
      if (drifted > 0) parts.onDrift(kind, 'a message')
      return shown
    }
  }

  function replyWith(path: string) {
    return async (reply: Reply, signal: AbortSignal): Promise<Replied> => {
      const params = { ticketId: reply.vendorTicketId }
      const json = newMessageOf(reply)
      const answer = await http.call({ ...splitPath(path), params, json, schema: AnyAnswer, signal })
      const id = AppendedMessage.safeParse(answer).data?.message.message_id
      return { vendorMessageId: id as VendorMessageId | undefined }
    }
  }

  function setStatusWith(path: string, status: 'open' | 'closed') {
    return async ({ vendorTicketId }: VendorTicketRef, signal: AbortSignal): Promise<void> => {
      const params = { ticketId: vendorTicketId }
      await http.call({ ...splitPath(path), params, json: { status }, schema: AnyAnswer, signal })
    }
  }

  function findRepliedWith(fetchTicket: ReturnType<typeof fetchWith>) {
    return async (reply: Reply, signal: AbortSignal): Promise<Replied | undefined> => {
      const { found, drifted } = messageWithMark(await fetchTicket(reply, signal), reply.mark)
      return !found && drifted ? cannotTell('a message') : found
    }
  }

  const fetchTicket = paths.ticket ? fetchWith(paths.ticket) : undefined
  return {
    kind,
    can,
    once: onceOf(config),
    open,
    ...(fetchTicket ? { read: readWith(fetchTicket), findOpened } : {}),
    ...(paths.messages ? { reply: replyWith(paths.messages) } : {}),
    ...(paths.messages && fetchTicket ? { findReplied: findRepliedWith(fetchTicket) } : {}),
    ...(paths.update
      ? { close: setStatusWith(paths.update, 'closed'), reopen: setStatusWith(paths.update, 'open') }
      : {}),
  }
}

const ticketsPath = '/api/v1/public/tickets'
