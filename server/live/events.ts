/** Event rows → what is sent. Rows say what an event is about; the text is read from the ledger now. */
import type { PlayerEvent } from '../contract/event.ts'
import type { Games } from '../games.ts'
import type { EventRow } from '../store/events.ts'
import type { Ledger } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import { presentAttachment, presentDeletion, presentMessages, presentTicket } from '../tickets/present.ts'

/**
 * Of several events that are told by how something stands now, the last tells all of them: how often a ticket changed
 * costs nothing more.
 */
export function latestOfEach(rows: readonly EventRow[]): EventRow[] {
  const last = new Map(rows.map((row) => [subjectOf(row), row]))
  return rows.filter((row) => row.type === 'message-added' || last.get(subjectOf(row)) === row)
}

function subjectOf({ type, ticket_id, message_id, attachment_id, request_id }: EventRow): string {
  return [type, ticket_id, message_id, attachment_id, request_id].join(' ')
}

/** @returns undefined when what it was about is gone or is no longer this player's */
export function presentEvent(ledger: Ledger, games: Games, row: EventRow): Promise<PlayerEvent | undefined> {
  switch (row.type) {
    case 'ticket-changed':
      return ticketChanged(ledger, games, row)
    case 'message-added':
      return messageAdded(ledger, row)
    case 'message-delivery':
      return messageDelivery(ledger, row)
    case 'unread':
      return unread(ledger, row.player)
    case 'attachment-changed':
      return attachmentChanged(ledger, row)
    case 'deletion-changed':
      return deletionChanged(ledger, row)
  }
}

async function ticketChanged(ledger: Ledger, games: Games, row: EventRow): Promise<PlayerEvent | undefined> {
  const ticket = await ownTicketOf(ledger, row)
  const game = ticket && games.get(ticket.game)
  return game && { type: 'ticket-changed', data: { ticket: presentTicket(ticket, game.can) } }
}

async function messageAdded(ledger: Ledger, row: EventRow): Promise<PlayerEvent | undefined> {
  const found = await ownMessageOf(ledger, row)
  const [message] = found ? await presentMessages(ledger, [found]) : []
  return found && message && { type: 'message-added', data: { ticketId: found.ticket_id, message } }
}

async function messageDelivery(ledger: Ledger, row: EventRow): Promise<PlayerEvent | undefined> {
  const message = await ownMessageOf(ledger, row)
  if (!message) return undefined
  const problem = message.problem_code === null ? undefined : { code: message.problem_code }
  const { ticket_id: ticketId, id: messageId, delivery } = message
  return { type: 'message-delivery', data: { ticketId, messageId, delivery, problem } }
}

async function unread(ledger: Ledger, player: PlayerKey): Promise<PlayerEvent> {
  return { type: 'unread', data: await ledger.tickets.countUnread(player) }
}

async function attachmentChanged(ledger: Ledger, row: EventRow): Promise<PlayerEvent | undefined> {
  const attachment = row.attachment_id ? await ledger.attachments.find(row.attachment_id) : undefined
  if (attachment?.player !== row.player) return undefined
  return { type: 'attachment-changed', data: { attachment: presentAttachment(attachment) } }
}

async function deletionChanged(ledger: Ledger, row: EventRow): Promise<PlayerEvent | undefined> {
  const request = row.request_id ? await ledger.deletions.findOwn(row.player, row.request_id) : undefined
  if (!request) return undefined
  return { type: 'deletion-changed', data: { request: presentDeletion(request) } }
}

async function ownTicketOf(ledger: Ledger, { ticket_id, player }: EventRow) {
  const ticket = ticket_id ? await ledger.tickets.find(ticket_id) : undefined
  return ticket?.player === player ? ticket : undefined
}

async function ownMessageOf(ledger: Ledger, row: EventRow) {
  if (!row.message_id || !(await ownTicketOf(ledger, row))) return undefined
  return ledger.messages.find(row.message_id)
}
