/** Deliveries that came to nothing: put back in line, or given up. Used by players, each for their own, and by operators. */
import type { MessageId, TicketId } from '../../contract/ids.ts'
import type { DeliveryProblemCode } from '../../contract/problem-code.ts'
import type { DeliveryRow, NewDelivery } from '../../store/deliveries.ts'
import type { MessageRow } from '../../store/messages.ts'
import type { Ledger } from '../../store/store.ts'
import type { TicketRow } from '../../store/tickets.ts'

/** Back in line at once, behind what was written meanwhile. The player sees it on its way again. */
export async function putBack(ledger: Ledger, delivery: DeliveryRow, now: Date): Promise<void> {
  const ticket = await ledger.tickets.lock(delivery.ticket_id)
  const known = await ledger.deliveries.find(delivery.sequence)
  if (!ticket || !known) return
  const message = known.message_id === null ? undefined : await ledger.messages.find(known.message_id)
  if (!message || known.state !== 'stuck') return void (await ledger.deliveries.retry(known.sequence))
  await sendAnew(ledger, ticket, message, known, now)
}

/** The player goes on seeing it as not sent. */
export async function giveUp(ledger: Ledger, delivery: DeliveryRow, now: Date): Promise<void> {
  const { sequence, player, ticket_id, message_id } = delivery
  await ledger.deliveries.drop(sequence)
  if (message_id === null) return
  await ledger.messages.change(message_id, { delivery: 'failed', problem_code: codeOf(delivery) })
  await ledger.events.add(player, now, { type: 'message-delivery', ticket_id, message_id })
}

function codeOf({ problem_code }: DeliveryRow): DeliveryProblemCode {
  return problem_code ?? 'vendor_refused'
}

/**
 * Sends a failed message again, under its own mark, also when an operator had given it up. One that is on its way, or
 * there, is left alone, however often and by however many this is asked.
 */
export async function sendAgain(ledger: Ledger, ticketId: TicketId, messageId: MessageId, now: Date): Promise<void> {
  // Whoever comes second waits here, and then finds it on its way.
  const ticket = await ledger.tickets.lock(ticketId)
  const message = await ledger.messages.find(messageId)
  if (!ticket || message?.author !== 'player' || message.delivery !== 'failed') return
  await sendAnew(ledger, ticket, message, await ledger.deliveries.findByMessage(message.id), now)
}

/** To send again is to write anew: it comes after what was written since, here as at the vendor. */
async function sendAnew(
  ledger: Ledger,
  ticket: TicketRow,
  message: MessageRow,
  parked: DeliveryRow | undefined,
  now: Date,
): Promise<void> {
  const { id: ticket_id, player } = ticket
  const onItsWay = { delivery: 'received', problem_code: null } as const
  if (message.position === ticket.said_position) {
    if (parked) await ledger.deliveries.retry(parked.sequence)
    else await ledger.deliveries.add(anew(ticket, message, undefined, now))
    await ledger.messages.change(message.id, onItsWay)
    await ledger.events.add(player, now, { type: 'message-delivery', ticket_id, message_id: message.id })
    return
  }
  if (parked) await ledger.deliveries.drop(parked.sequence)
  await ledger.deliveries.add(anew(ticket, message, parked, now))
  const position = await ledger.tickets.takePosition(ticket_id)
  await ledger.messages.change(message.id, { ...onItsWay, position, sent_at: now.getTime() })
  await ledger.tickets.touch(ticket_id, now)
  await ledger.events.add(
    player,
    now,
    { type: 'message-added', ticket_id, message_id: message.id },
    { type: 'ticket-changed', ticket_id },
  )
}

function anew(ticket: TicketRow, message: MessageRow, parked: DeliveryRow | undefined, now: Date): NewDelivery {
  const { game, player, id: ticket_id } = ticket
  return {
    game,
    // What may have arrived did so as whoever they were then.
    player: parked?.player ?? player,
    ticket_id,
    operation: parked?.operation ?? (message.position === 1 ? 'open' : 'reply'),
    message_id: message.id,
    mark: message.mark ?? message.id,
    state: 'waiting',
    attempts: parked?.attempts ?? 1,
    failures: 0,
    choked: 0,
    first_failed_at: null,
    failed_at: null,
    not_before: 0,
    problem_code: null,
    lease_owner: null,
    lease_until: 0,
    // Of what an operator had given up, nobody knows any more what came of it: it is looked for first.
    unsure_since: parked ? parked.unsure_since : now.getTime(),
    looks: parked?.looks ?? 0,
    resent: parked?.resent ?? 0,
    created_at: Number(parked?.created_at ?? message.sent_at),
  }
}
