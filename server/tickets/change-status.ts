/** The one door through which a ticket is closed or opened again: its state, the line about it and word of both go together. */
import type { MessageId } from '../contract/ids.ts'
import type { Message } from '../contract/message.ts'
import { randomId } from '../runtime/random.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketTable } from '../store/tables.ts'

type Turned = NonNullable<Message['event']>
/** Whose doing it is. */
type By = NonNullable<Message['by']>

/** For clients that know no `event`; the widget has its own words. */
const inEnglish: Record<Turned, Record<By, string>> = {
  closed: { player: 'You closed this ticket.', studio: 'Support closed this ticket.' },
  reopened: { player: 'You reopened this ticket.', studio: 'Support reopened this ticket.' },
}

/**
 * Closes a ticket or opens it again. Runs inside a transaction. Whoever comes second, by whichever relay, changes nothing.
 *
 * @returns false where it was so already
 */
export async function changeStatus(
  ledger: Ledger,
  { id: ticket_id, player }: Pick<TicketTable, 'id' | 'player'>,
  change: Pick<TicketTable, 'status'> & Partial<Pick<TicketTable, 'follow_up'>>,
  by: By,
  now: Date,
): Promise<boolean> {
  const position = await ledger.tickets.changeStatus(ticket_id, change, now)
  if (position === undefined) return false
  const event = change.status === 'closed' ? 'closed' : 'reopened'
  const id = randomId() as MessageId
  await ledger.messages.add({
    id,
    ticket_id,
    position,
    author: 'system',
    text: inEnglish[event][by],
    language: 'en',
    sent_at: now.getTime(),
    // It has nowhere to go.
    delivery: 'delivered',
    event,
    event_by: by,
  })
  await ledger.events.add(player, now, { type: 'message-added', ticket_id, message_id: id })
  return true
}
