/** How a row of a vendor's list says that its ticket stands, short enough to be kept and without a word of what it says. */
import { createHash } from 'node:crypto'
import type { ListedTicket, VendorTicketId } from './vendor.ts'

/** @param parts - whatever of the row moves with the ticket; null and absent are the same */
export function listedTicket(
  vendorTicketId: string,
  parts: readonly (string | number | Date | null | undefined)[],
): ListedTicket {
  const text = JSON.stringify(parts.map((part) => part ?? null))
  const state = createHash('sha256').update(text).digest('base64url').slice(0, 22)
  return { vendorTicketId: vendorTicketId as VendorTicketId, state }
}
