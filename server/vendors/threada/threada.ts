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
import { conversationOf, markTagOf, newMessageOf, newTicketOf, rowWithTag } from './translate.ts'
import { AnyAnswer, AppendedMessage, CreatedTicket, ReadTicket, type ThreadaConfig, TicketPage } from './wire.ts'

const kind = 'threada'

/** The sample's own. No cap is published, so none is tried. */
const pageSize = 25
const maxPages = 40

function canOf({ paths }: ThreadaConfig): Can {
  return {
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

  /** Pages through the open tickets for the tag; a ticket somebody has closed meanwhile is not among them. */
  async function findOpened({ mark }: Opening, signal: AbortSignal): Promise<Opened | undefined> {
    let token: string | undefined
    for (let page = 0; page < maxPages; page += 1) {
      const query = { limit: pageSize, page_token: token }
      const answer = await http.call({ method: 'GET', path: ticketsPath, query, schema: TicketPage, signal })
      const found = rowWithTag(answer.items, markTagOf(mark))
      if (found) return { vendorTicketId: found as VendorTicketId }
      token = answer.next_page_token || undefined
      if (!token) return undefined
    }
    return undefined
  }

  function readWith(path: string) {
    return async ({ vendorTicketId }: VendorTicketRef, signal: AbortSignal): Promise<VendorConversation> => {
      const params = { ticketId: vendorTicketId }
      const answer = await http.call({ ...splitPath(path), params, schema: ReadTicket, signal })
      if (answer.ticket.summary.ticket_id !== vendorTicketId)
        throw new VendorError('missing', 'threada: another ticket')
      const { hidden, drifted, ...conversation } = conversationOf(answer, config.agentRoles)
      for (let count = 0; count < hidden; count += 1) parts.onHidden(kind, 'message of an unknown role')
      if (drifted > 0) parts.onDrift(kind, 'a message')
      return conversation
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

  function findRepliedWith(read: ReturnType<typeof readWith>) {
    return async (reply: Reply, signal: AbortSignal): Promise<Replied | undefined> => {
      const { messages } = await read(reply, signal)
      const found = messages.find(({ mark }) => mark === reply.mark)
      return found && { vendorMessageId: found.vendorMessageId }
    }
  }

  const read = paths.ticket ? readWith(paths.ticket) : undefined
  return {
    kind,
    can,
    once: onceOf(config),
    open,
    ...(read ? { read, findOpened } : {}),
    ...(paths.messages ? { reply: replyWith(paths.messages) } : {}),
    ...(paths.messages && read ? { findReplied: findRepliedWith(read) } : {}),
    ...(paths.update
      ? { close: setStatusWith(paths.update, 'closed'), reopen: setStatusWith(paths.update, 'open') }
      : {}),
  }
}

const ticketsPath = '/api/v1/public/tickets'
