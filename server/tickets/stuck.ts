/** Deliveries that came to nothing: put back in line, or given up. Used by players, each for their own, and by operators. */
import type { MessageId } from '../contract/ids.ts'
import type { DeliveryProblemCode } from '../contract/problem-code.ts'
import type { DeliveryRow } from '../store/deliveries.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'

/** The player sees it on its way again. */
export async function putBack(ledger: Ledger, delivery: DeliveryRow, now: Date): Promise<void> {
  await ledger.deliveries.retry(delivery.sequence)
  await setDelivery(ledger, delivery, 'received', null, now)
}

/** The player goes on seeing it as not sent. */
export async function giveUp(ledger: Ledger, delivery: DeliveryRow, now: Date): Promise<void> {
  await ledger.deliveries.drop(delivery.sequence)
  await setDelivery(ledger, delivery, 'failed', delivery.problem_code ?? 'vendor_refused', now)
}

/**
 * Sends a failed message again, under its own mark, also when an operator had given it up. One that is on its way, or
 * there, is left alone.
 */
export async function sendAgain(ledger: Ledger, ticket: TicketRow, message: MessageRow, now: Date): Promise<void> {
  if (message.author !== 'player' || message.delivery !== 'failed') return
  const waiting = await ledger.deliveries.findByMessage(message.id)
  if (waiting) return putBack(ledger, waiting, now)
  const isOpening = message.position === 1
  await ledger.deliveries.add({
    game: ticket.game,
    player: ticket.player,
    ticket_id: ticket.id,
    operation: isOpening ? 'open' : 'reply',
    message_id: message.id,
    mark: message.mark ?? message.id,
    state: 'waiting',
    // Whatever came of the attempts before it was given up, the vendor is asked first.
    attempts: 1,
    failures: 0,
    not_before: now.getTime(),
    problem_code: null,
    lease_owner: null,
    lease_until: 0,
    created_at: now.getTime(),
  })
  await setDelivery(
    ledger,
    { player: ticket.player, ticket_id: ticket.id, message_id: message.id },
    'received',
    null,
    now,
  )
}

async function setDelivery(
  ledger: Ledger,
  { player, ticket_id, message_id }: Pick<DeliveryRow, 'player' | 'ticket_id'> & { message_id: MessageId | null },
  delivery: 'received' | 'failed',
  problem_code: DeliveryProblemCode | null,
  now: Date,
): Promise<void> {
  if (message_id === null) return
  await ledger.messages.change(message_id, { delivery, problem_code })
  await ledger.events.add(player, now, { type: 'message-delivery', ticket_id, message_id })
}
