/** The ledger's player as a vendor may know them. */
import { z } from 'zod'
import type { PlayerTable } from '../store/tables.ts'
import type { SignedMetadata, VendorPlayer } from '../vendors/vendor.ts'

const Signed = z.object({
  tier: z.number().optional(),
  tags: z.array(z.string()).optional(),
  fields: z.record(z.string(), z.string()).optional(),
  chatId: z.string().optional(),
})

/** @param signed - JSON from the ledger: what was signed when the ticket was opened, else what was signed last */
export function vendorPlayer(row: PlayerTable, signed = row.signed): VendorPlayer {
  return {
    id: row.subject,
    kind: row.kind,
    pseudonym: row.pseudonym,
    name: row.name ?? undefined,
    email: row.email ?? undefined,
    locale: row.locale ?? undefined,
    signed: signedMetadata(signed),
  }
}

/** Without it the vendor cannot be asked for what was said. */
export function onlyWhere(signed: string): string {
  return JSON.stringify({ chatId: signedMetadata(signed).chatId })
}

export function signedMetadata(json: string): SignedMetadata {
  return Signed.parse(JSON.parse(json))
}
