/**
 * A Theymes automation's HTTP action calls us. It is not signed, so the address is the secret and the body only a hint:
 * what is true is read again, through the ownership check.
 */
import type { Hint, HookRequest, VendorTicketId } from '../vendor.ts'
import { HookBody } from './wire.ts'

export function receiveHook({ body }: HookRequest): readonly Hint[] {
  const parsed = HookBody.safeParse(jsonOf(body))
  return parsed.success ? [{ vendorTicketId: parsed.data.ticketId as VendorTicketId }] : []
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
