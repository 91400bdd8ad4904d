/** A hint that something changed at the desk, from its own pages or from a studio's script. */
import { z } from 'zod'
import type { Hint, HookRequest, VendorTicketId } from '../vendor.ts'

const DeskHint = z.object({ ticketId: z.string() })

export function hintOf({ body }: HookRequest): Hint[] {
  try {
    const { ticketId } = DeskHint.parse(JSON.parse(body))
    return [{ vendorTicketId: ticketId as VendorTicketId }]
  } catch {
    return []
  }
}
