/** The one place that says whose ticket, file or request this is. Somebody else's does not exist: always 404, never 403. */
import type { AttachmentId, DeletionRequestId, MessageId, TicketId } from '../contract/ids.ts'
import type { Identity } from '../players/identity.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { DeletionRow } from '../store/deletions.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { TicketRow } from '../store/tickets.ts'

/** @throws Refusal `not_found` */
export async function ownTicket(ledger: Ledger, player: Identity, id: TicketId): Promise<TicketRow> {
  return own(player, await ledger.tickets.find(id))
}

/** As much of it as tells whether anything has changed. @throws Refusal `not_found` */
export async function ownMarked(ledger: Ledger, player: Identity, id: TicketId) {
  return own(player, await ledger.tickets.findMarked(id))
}

/** @throws Refusal `not_found` when the message is not on this ticket */
export async function ownMessage(ledger: Ledger, ticket: TicketRow, id: MessageId): Promise<MessageRow> {
  const message = await ledger.messages.find(id)
  if (!message || message.ticket_id !== ticket.id) throw new Refusal('not_found')
  return message
}

/** @throws Refusal `not_found` */
export async function ownAttachment(ledger: Ledger, player: Identity, id: AttachmentId): Promise<AttachmentRow> {
  return own(player, await ledger.attachments.find(id))
}

/** @throws Refusal `not_found` */
export async function ownDeletion(ledger: Ledger, player: Identity, id: DeletionRequestId): Promise<DeletionRow> {
  const row = await ledger.deletions.findOwn(player.key, id)
  if (!row || row.game !== player.game) throw new Refusal('not_found')
  return row
}

function own<T extends { player: PlayerKey; game: string }>(player: Identity, row: T | undefined): T {
  if (!row || row.player !== player.key || row.game !== player.game) throw new Refusal('not_found')
  return row
}
