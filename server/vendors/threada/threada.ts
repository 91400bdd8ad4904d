/**
 * Players' tickets in Threada. What it publishes is little more than a way in: without further paths from the studio a
 * ticket is opened and answered by e-mail. Nothing Threada returns says whose a ticket is, so that is the ledger's word alone.
 */
import type { Can } from '../../contract/can.ts'
import { cannotTellOf } from '../find.ts'
import { splitPath } from '../http/address.ts'
import { createVendorHttp } from '../http/http.ts'
import { linkedAttachments, type VendorParts } from '../parts.ts'
import { ratingMarkOf } from '../text/rating-mark.ts'
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
import { createChanges } from './changes.ts'
import { createFindOpened } from './find.ts'
import { conversationOf, isClosed, messageWithMark, newMessageOf, newRatingOf, newTicketOf } from './translate.ts'
import { AnyAnswer, AppendedMessage, CreatedTicket, ReadTicket, type ThreadaConfig, ticketsPath } from './wire.ts'

const kind = 'threada'

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
    rating: canRate(paths) ? 'note' : false,
    push: 'poll',
  }
}

/** As a message of the player's: only where it can be looked for first, and a ticket that it opens can be closed again. */
function canRate({ ticket, messages, update }: ThreadaConfig['paths']): boolean {
  return ticket !== undefined && messages !== undefined && update !== undefined
}

/**
 * `external_message_id` goes along with everything, but nobody says that it de-duplicates. So our mark is looked for: among
 * the tags in the published list of open tickets, and in a ticket's messages where a path for them is configured.
 */
function onceOf({ paths, supportRead }: ThreadaConfig): Vendor['once'] {
  return { open: supportRead ? 'relay' : 'marked', reply: paths.ticket && paths.messages ? 'relay' : 'marked' }
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
  const { paths, statuses } = config
  const can = canOf(config)
  const cannotTell = cannotTellOf(kind, parts)

  async function open(opening: Opening, signal: AbortSignal): Promise<Opened> {
    const json = newTicketOf(opening, can.answers, parts.tagOf)
    const { ticket } = await http.call({ method: 'POST', path: ticketsPath, json, schema: CreatedTicket, signal })
    return { vendorTicketId: ticket.summary.ticket_id as VendorTicketId }
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
      const { hidden, drifted, ...shown } = conversationOf(await fetchTicket(ref, signal), config)
      for (let count = 0; count < hidden; count += 1) parts.onHidden(kind, 'message of an unknown role')
      if (drifted > 0) parts.onDrift(kind, 'a message')
      return shown
    }
  }

  function replyWith(path: string) {
    return async (reply: Reply, signal: AbortSignal): Promise<Replied> => {
      const params = { ticketId: reply.vendorTicketId }
      const json = newMessageOf(reply, parts.tagOf)
      const answer = await http.call({ ...splitPath(path), params, json, schema: AnyAnswer, signal })
      const id = AppendedMessage.safeParse(answer).data?.message.message_id
      return { vendorMessageId: id as VendorMessageId | undefined }
    }
  }

  function setStatusWith(path: string, [status]: readonly string[]) {
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

  /** Only closed tickets are rated: one that has its rating and is open was opened by it, and is closed again. */
  function rateWith(
    { messages, update }: { messages: string; update: string },
    fetchTicket: ReturnType<typeof fetchWith>,
  ): NonNullable<Vendor['rate']> {
    return async (ref, rating, signal) => {
      const before = await fetchTicket(ref, signal)
      const { found, drifted } = messageWithMark(before, ratingMarkOf(ref.vendorTicketId))
      if (!found && drifted) cannotTell('a message')
      if (!found) {
        const params = { ticketId: ref.vendorTicketId }
        const json = newRatingOf(ref, rating, parts.tagOf)
        await http.call({ ...splitPath(messages), params, json, schema: AnyAnswer, signal })
        if (!isClosed(before.ticket.summary.status, statuses.closed)) return
      }
      const { ticket } = await fetchTicket(ref, signal)
      if (!isClosed(ticket.summary.status, statuses.closed)) await setStatusWith(update, statuses.closed)(ref, signal)
    }
  }

  const fetchTicket = paths.ticket ? fetchWith(paths.ticket) : undefined
  return {
    kind,
    can,
    once: onceOf(config),
    open,
    ...(config.supportRead ? { findOpened: createFindOpened({ http, cannotTell }) } : {}),
    ...(fetchTicket ? { read: readWith(fetchTicket), changes: createChanges(http, parts) } : {}),
    ...(paths.messages ? { reply: replyWith(paths.messages) } : {}),
    ...(paths.messages && paths.update && fetchTicket
      ? { rate: rateWith({ messages: paths.messages, update: paths.update }, fetchTicket) }
      : {}),
    ...(paths.messages && fetchTicket ? { findReplied: findRepliedWith(fetchTicket) } : {}),
    ...(paths.update
      ? { close: setStatusWith(paths.update, statuses.closed), reopen: setStatusWith(paths.update, statuses.open) }
      : {}),
  }
}
