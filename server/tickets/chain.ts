/**
 * The vendor tickets behind one ticket. Where a vendor takes no replies from players, or cannot reopen, the next message
 * opens a further one that names the last; the player sees one ticket.
 */
import type { Can } from '../contract/can.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import type { VendorPlayer, VendorTicketId, VendorTicketRef } from '../vendors/vendor.ts'

export type Link = Awaited<ReturnType<Ledger['tickets']['chain']>>[number]

/** Whether the next message opens a new vendor ticket rather than going on the last. */
export function startsNewLink(ticket: TicketRow, chain: readonly Link[], can: Can): boolean {
  return chain.length === 0 || can.reply === 'follow-up' || ticket.follow_up === 1
}

/** The newest vendor ticket of a chain. */
export function lastLink(chain: readonly Link[]): Link | undefined {
  return chain.at(-1)
}

export function refOf(vendorTicketId: VendorTicketId, ticket: TicketRow, player: VendorPlayer): VendorTicketRef {
  return { vendorTicketId, player, number: ticket.number }
}

/** Adds what was just opened; the player's reopening, if there was one, is done with. */
export async function addLink(
  ledger: Ledger,
  ticket: TicketRow,
  vendorTicketId: VendorTicketId,
  openedAt: Date,
): Promise<number> {
  const position = (lastLink(await ledger.tickets.chain(ticket.id))?.position ?? 0) + 1
  await ledger.tickets.link({
    ticket_id: ticket.id,
    position,
    game: ticket.game,
    vendor_ticket_id: vendorTicketId,
    opened_at: openedAt.getTime(),
  })
  await ledger.tickets.change(ticket.id, { follow_up: 0 })
  return position
}
