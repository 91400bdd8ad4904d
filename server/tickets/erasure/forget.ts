/** The end of an erasure: the ledger's own copy goes, all at once. Each of these runs inside a transaction. */
import type { AttachmentId, TicketId } from '../../contract/ids.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { Ledger } from '../../store/store.ts'
import { withStep } from '../present.ts'
import { noteAtVendor } from './counts.ts'

/** Whether the vendor, its studio or the operator has been told of every vendor ticket there is by now. */
export async function isAllKnown(ledger: Ledger, request: DeletionRow): Promise<boolean> {
  const items = await ledger.erasures.list(request.id)
  if (items.some(({ state }) => state === 'sought' || state === 'waiting' || state === 'refused')) return false
  const named = new Set(items.map(({ name }) => name))
  return (await ledger.tickets.chainsOf(request.player)).every((link) => named.has(link.vendor_ticket_id))
}

/** All but the request itself, which is the player's proof that it was done. @returns files whose bytes are to go */
export async function forget(ledger: Ledger, request: DeletionRow): Promise<AttachmentId[]> {
  await noteAtVendor(ledger, request)
  const { player } = request
  const tickets: TicketId[] = (await ledger.tickets.ofPlayer(player)).map(({ id }) => id)
  const files = await ledger.attachments.ofPlayer(player)
  if (tickets.length > 0) {
    await ledger.deliveries.forget(tickets)
    await ledger.copies.forget(tickets)
    await ledger.messages.forget(tickets)
    await ledger.tickets.unlink(tickets)
    await ledger.tickets.forget(tickets)
  }
  const selves = await ledger.players.selvesOf(player)
  for (const self of new Set([player, ...selves.map((row) => row.player)])) {
    await ledger.attachments.forget(self)
    await ledger.idempotency.forget(self)
    await ledger.events.forget(self)
    await ledger.recoveryKeys.forget([self])
  }
  await ledger.players.forget(player)
  await ledger.merges.forget(player)
  await ledger.erasures.forget(request.id)
  return keptBytes(files)
}

/** Said only once nothing is left on the disk either. */
export async function tellErased(ledger: Ledger, request: DeletionRow, now: Date): Promise<void> {
  const asIs = (await ledger.deletions.find(request.id)) ?? request
  await ledger.deletions.finish(asIs, withStep(asIs, 'relay-erased', now))
  await ledger.events.add(request.player, now, { type: 'deletion-changed', request_id: request.id })
}

/** Those whose bytes are the relay's own. */
export function keptBytes(files: readonly AttachmentRow[]): AttachmentId[] {
  return files.filter((file) => file.vendor_file_id === null).map((file) => file.id)
}
