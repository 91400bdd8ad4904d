/** Event rows → what is sent. Rows say what an event is about; the text is read from the ledger now. */

import type { Games } from '../config/games.ts'
import { PlayerEvent } from '../contract/event.ts'
import type { MessageId } from '../contract/ids.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { EventRow } from '../store/events.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import { presentAttachment, presentDeletion, presentMessage, presentTicket } from '../tickets/present.ts'

/** As it stands in the stream. */
export function frame(sequence: number, { type, data }: PlayerEvent): string {
  return `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

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

/** What several events are about, read at once. */
interface Subjects {
  tickets: Map<string, TicketRow>
  messages: Map<string, MessageRow>
  attachments: readonly AttachmentRow[]
}

/**
 * In as many reads for all of them as for one, but for counts of what is unread and for deletions.
 *
 * @returns for each row its event, or undefined when what it was about is gone or is no longer this player's
 */
export async function presentEvents(
  ledger: Ledger,
  games: Games,
  rows: readonly EventRow[],
): Promise<(PlayerEvent | undefined)[]> {
  const subjects = await readSubjects(ledger, rows)
  const events: (PlayerEvent | undefined)[] = []
  for (const row of rows) {
    const event = await presentEvent(ledger, games, row, subjects)
    // Through the contract's schema on the way out, so that nothing unnamed can leave.
    events.push(event && PlayerEvent.parse(event))
  }
  return events
}

async function readSubjects(ledger: Ledger, rows: readonly EventRow[]): Promise<Subjects> {
  const messageIds = idsIn(rows, 'message_id')
  const tickets = await ledger.tickets.findAll(idsIn(rows, 'ticket_id'))
  const messages = await ledger.messages.findAll(messageIds)
  const added = new Set(
    rows.flatMap(({ type, message_id }) => (type === 'message-added' && message_id ? [message_id] : [])),
  )
  const [ofMessages, single] = [
    await ledger.attachments.of(messageIds.filter((id: MessageId) => added.has(id))),
    await ledger.attachments.findAll(idsIn(rows, 'attachment_id')),
  ]
  return {
    tickets: new Map(tickets.map((row) => [row.id, row])),
    messages: new Map(messages.map((row) => [row.id, row])),
    attachments: [...ofMessages, ...single],
  }
}

function idsIn<Name extends 'ticket_id' | 'message_id' | 'attachment_id'>(rows: readonly EventRow[], name: Name) {
  return [...new Set(rows.map((row) => row[name]).filter((id) => id !== null))]
}

async function presentEvent(
  ledger: Ledger,
  games: Games,
  row: EventRow,
  subjects: Subjects,
): Promise<PlayerEvent | undefined> {
  switch (row.type) {
    case 'ticket-changed':
      return ticketChanged(games, row, subjects)
    case 'message-added':
      return messageAdded(row, subjects)
    case 'message-delivery':
      return messageDelivery(row, subjects)
    case 'unread':
      return { type: 'unread', data: await ledger.tickets.countUnread(row.player) }
    case 'attachment-changed':
      return attachmentChanged(row, subjects)
    case 'deletion-changed':
      return deletionChanged(ledger, row)
  }
}

function ticketChanged(games: Games, row: EventRow, subjects: Subjects): PlayerEvent | undefined {
  const ticket = ownTicketOf(row, subjects)
  const game = ticket && games.get(ticket.game)
  return game && { type: 'ticket-changed', data: { ticket: presentTicket(ticket, game.can) } }
}

function messageAdded(row: EventRow, subjects: Subjects): PlayerEvent | undefined {
  const found = ownMessageOf(row, subjects)
  const message = found && presentMessage(found, subjects.attachments)
  return message && { type: 'message-added', data: { ticketId: found.ticket_id, message } }
}

function messageDelivery(row: EventRow, subjects: Subjects): PlayerEvent | undefined {
  const message = ownMessageOf(row, subjects)
  if (!message) return undefined
  const problem = message.problem_code === null ? undefined : { code: message.problem_code }
  const { ticket_id: ticketId, id: messageId, delivery } = message
  return { type: 'message-delivery', data: { ticketId, messageId, delivery, problem } }
}

function attachmentChanged(row: EventRow, { attachments }: Subjects): PlayerEvent | undefined {
  const attachment = attachments.find(({ id, player }) => id === row.attachment_id && player === row.player)
  return attachment && { type: 'attachment-changed', data: { attachment: presentAttachment(attachment) } }
}

async function deletionChanged(ledger: Ledger, row: EventRow): Promise<PlayerEvent | undefined> {
  const request = row.request_id ? await ledger.deletions.findOwn(row.player, row.request_id) : undefined
  if (!request) return undefined
  return { type: 'deletion-changed', data: { request: presentDeletion(request) } }
}

function ownTicketOf({ ticket_id, player }: EventRow, { tickets }: Subjects): TicketRow | undefined {
  const ticket = ticket_id ? tickets.get(ticket_id) : undefined
  return ticket?.player === player ? ticket : undefined
}

function ownMessageOf(row: EventRow, subjects: Subjects): MessageRow | undefined {
  return row.message_id && ownTicketOf(row, subjects) ? subjects.messages.get(row.message_id) : undefined
}
