/**
 * Thena's platform events. They bear no signature, so the unguessable address is the only proof and each is merely a hint
 * to read the ticket again; what an event claims of the ticket, its status or its comments is not looked at.
 */
import type { Hint, HookRequest, VendorTicketId } from '../vendor.ts'
import { ThenaEvent } from './wire.ts'

/** Reads one event. Account, user and organisation events, and whatever cannot be read, give no hint. */
export function receiveEvent({ body }: HookRequest): readonly Hint[] {
  const event = ThenaEvent.safeParse(unwrapped(parsed(body)))
  if (!event.success || !event.data.eventType.startsWith('ticket:')) return []
  const { ticket, previousTicket, comment } = event.data.payload
  const ticketId = ticket?.id ?? comment?.ticketId ?? previousTicket?.id
  if (ticketId === undefined) return []
  return [{ eventId: event.data.eventId, vendorTicketId: ticketId as VendorTicketId }]
}

/** Events travel over Amazon SNS, which may put them as a string into an envelope of its own. */
function unwrapped(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || !('Message' in event)) return event
  return typeof event.Message === 'string' ? parsed(event.Message) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
