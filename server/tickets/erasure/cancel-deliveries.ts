/**
 * The first thing an erasure does: nothing of the player's sets out for the vendor any more. What is in hand is waited
 * for; what was never sent goes; and what may have arrived without an answer is noted, to be looked for by its mark.
 */

import type { LiveGame } from '../../config/games.ts'
import type { AttachmentId, MessageId, TicketId } from '../../contract/ids.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { LateCopyRow } from '../../store/copies.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { DeliveryRow } from '../../store/deliveries.ts'
import type { Ledger } from '../../store/store.ts'
import type { ErasureTable, PlayerKey } from '../../store/tables.ts'
import type { TicketRow } from '../../store/tickets.ts'
import { loadChain, startsNewLink } from '../chain.ts'
import { noteHeld } from './counts.ts'

export interface CancelledDeliveries {
  /** Something is in a worker's hands just now. */
  isOnItsWay: boolean
  /** Files that were being put up for a message that will not be written: their bytes are to go. */
  files: AttachmentId[]
}

/** Runs inside a transaction. @param game - undefined where it is not served just now */
export async function cancelDeliveries(
  ledger: Ledger,
  request: DeletionRow,
  game: LiveGame | undefined,
  now: Date,
): Promise<CancelledDeliveries> {
  const { player } = request
  for (const self of await ledger.players.selvesOf(player)) await ledger.deletions.awaitWriters(self.player)
  await ledger.deletions.awaitWriters(player)
  for (const pair of await ledger.merges.into(player)) await ledger.merges.move(pair)
  await noteHeld(ledger, request, now)
  const tickets = (await ledger.tickets.ofPlayer(player)).map(({ id }) => id)
  const givenUp = Number(request.called_off) === 1 ? [] : await ledger.messages.givenUp(tickets)
  const late = await ledger.copies.lateOf(tickets)
  const { calledOff, isOnItsWay } = await ledger.deliveries.cancelDeliveries(tickets)
  const settledAt = (await ledger.erasures.time()) + (game?.config.vendor.settleSeconds ?? 0) * 1_000
  // Sent more than once: the last attempt was in vain for sure, one before it may not have been.
  for (const row of calledOff)
    if ((row.unsure_since !== null || Number(row.resent) === 1) && row.message_id !== null)
      await seek(ledger, request, game, { ...row, message_id: row.message_id, settledAt })
  for (const { id: message_id, ticket_id, mark, position } of givenUp) {
    const operation = position === 1 ? 'open' : 'reply'
    if (mark !== null)
      await seek(ledger, request, game, { ticket_id, message_id, operation, mark, player, settledAt: 0 })
  }
  const ticketless = await ledger.attachments.ticketlessAtVendor(player)
  await ledger.erasures.add(ticketless.flatMap((file) => fileAtVendor(request, file)))
  for (const row of late) await seekCopy(ledger, request, row)
  await ledger.deletions.change(request.id, { called_off: 1 })
  return { isOnItsWay, files: await dropLoose(ledger, request) }
}

/** The first copy of it is linked: it is looked for once more, whatever its ticket is by now. */
async function seekCopy(ledger: Ledger, request: DeletionRow, row: LateCopyRow): Promise<void> {
  const ticket = await ledger.tickets.find(row.ticket_id)
  if (ticket) await ledger.erasures.add([sought(request, ticket, { ...row, settledAt: 0 })])
  await ledger.copies.drop(row.mark)
}

interface Sought {
  ticket_id: TicketRow['id']
  message_id: MessageId
  mark: string
  /** As whom it was sent. */
  player: PlayerKey
  settledAt: number
}

/** A reply went to a vendor ticket that is known anyway, so only what may have opened one is looked for. */
async function seek(
  ledger: Ledger,
  request: DeletionRow,
  game: LiveGame | undefined,
  one: Sought & Pick<DeliveryRow, 'operation'>,
): Promise<void> {
  const ticket = await ledger.tickets.find(one.ticket_id)
  if (!ticket) return
  // What was written after an opening may have opened the ticket meanwhile.
  const opens = !game || one.operation === 'open' || startsNewLink(ticket, await loadChain(ledger, ticket), game.can)
  if (opens) await ledger.erasures.add([sought(request, ticket, one)])
}

function sought(
  { id: request_id, game }: DeletionRow,
  { number }: TicketRow,
  { mark: name, ticket_id, message_id, player, settledAt: settled_at }: Sought,
): ErasureTable {
  const state = 'sought'
  return {
    request_id,
    kind: 'mark',
    name,
    game,
    ticket_id,
    number,
    player,
    message_id,
    state,
    settled_at,
    told_by: null,
  }
}

async function dropLoose(ledger: Ledger, request: DeletionRow): Promise<AttachmentId[]> {
  const loose = (await ledger.attachments.ofPlayer(request.player)).filter((file) => file.message_id === null)
  for (const { id } of loose) await ledger.attachments.drop(id)
  return loose.filter((file) => file.vendor_file_id === null).map(({ id }) => id)
}

/** A browser may have put it there. No vendor has a call for a file without a ticket: its studio is asked. */
function fileAtVendor({ id: request_id, game, player }: DeletionRow, file: AttachmentRow): ErasureTable[] {
  if (file.vendor_file_id === null) return []
  return [
    {
      request_id,
      kind: 'file',
      name: file.vendor_file_id,
      game,
      ticket_id: '' as TicketId,
      number: '',
      player,
      message_id: null,
      state: 'refused',
      settled_at: 0,
      told_by: null,
    },
  ]
}
