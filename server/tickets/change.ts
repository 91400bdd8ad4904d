/** What a player does to a ticket without writing: close, reopen, rate, read. Each is safe to repeat. */
import type { z } from 'zod'
import type { LiveGame } from '../config/games.ts'
import type { MessageId, TicketId } from '../contract/ids.ts'
import type { Message } from '../contract/message.ts'
import type { NewRating, Ticket } from '../contract/ticket.ts'
import type { Identity } from '../players/identity.ts'
import { refuseWhileErasing } from '../players/refuse-while-erasing.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import { changeStatus } from './change-status.ts'
import { sendAgain } from './delivery/resend.ts'
import { newDelivery } from './new-rows.ts'
import { ownMessage, ownTicket } from './ownership.ts'
import { canBeReopened, presentMessages, presentTicket } from './present.ts'

export interface ChangeParts {
  store: Store
  clock: Clock
  notifier: Notifier
}

export type Change = ReturnType<typeof createChange>

export function createChange({ store, clock, notifier }: ChangeParts) {
  /** Changes an own ticket in one transaction and answers it as it then is. @throws Refusal `not_found` */
  async function change(
    player: Identity,
    game: LiveGame,
    id: TicketId,
    write: (ledger: Ledger, ticket: TicketRow, now: Date) => Promise<void>,
  ): Promise<Ticket> {
    const answer = await store.transaction(async (ledger) => {
      await write(ledger, await ownTicket(ledger, player, id), clock.now())
      return presentTicket(await ownTicket(ledger, player, id), game.can)
    }, id)
    notify(player)
    return answer
  }

  /** The same for what the vendor will hear of. @throws Refusal `not_found`, `erasure_under_way` */
  const wish: typeof change = (player, game, id, write) =>
    change(player, game, id, async (ledger, ticket, now) => {
      await refuseWhileErasing(ledger, player.key)
      await write(ledger, ticket, now)
    })

  function notify(player: Identity): void {
    notifier.outbox.notify(player.game)
    notifier.player.notify(player.key)
  }

  return {
    /** @throws Refusal `not_found`, `unsupported` */
    close: (player: Identity, game: LiveGame, id: TicketId) =>
      wish(player, game, id, async (ledger, ticket, now) => {
        if (ticket.status === 'closed') return
        if (!game.can.close) throw new Refusal('unsupported')
        if (!(await changeStatus(ledger, ticket, { status: 'closed' }, 'player', now))) return
        await ledger.deliveries.add(newDelivery(player, id, 'close', undefined, now))
        await tell(ledger, player, id, now)
      }),

    /** @throws Refusal `not_found`, `unsupported` */
    reopen: (player: Identity, game: LiveGame, id: TicketId) =>
      wish(player, game, id, async (ledger, ticket, now) => {
        if (ticket.status !== 'closed') return
        if (!canBeReopened(game.can)) throw new Refusal('unsupported')
        // What was said before belongs to the old vendor ticket, and may not be there yet: then this waits in line.
        const isInLine = game.can.reopen === 'native' || (await ledger.deliveries.isWaiting(id))
        const change = { status: 'open', ...(!isInLine && { follow_up: 1 }) } as const
        if (!(await changeStatus(ledger, ticket, change, 'player', now))) return
        if (isInLine) await ledger.deliveries.add(newDelivery(player, id, 'reopen', undefined, now))
        await tell(ledger, player, id, now)
      }),

    /** @throws Refusal `not_found`, `unsupported` while it is open, once it is rated, or where the vendor takes no rating */
    rate: (player: Identity, game: LiveGame, id: TicketId, { score, comment }: z.output<typeof NewRating>) =>
      wish(player, game, id, async (ledger, ticket, now) => {
        // An answer that was lost on the way is asked for again.
        if (ticket.rating_score === score && (ticket.rating_comment ?? '') === (comment ?? '')) return
        if (!presentTicket(ticket, game.can).can.rate) throw new Refusal('unsupported')
        await ledger.tickets.change(id, { rating_score: score, rating_comment: comment || null })
        await ledger.tickets.touch(id, now)
        await ledger.deliveries.add(newDelivery(player, id, 'rate', undefined, now))
        await ledger.events.add(player.key, now, { type: 'ticket-changed', ticket_id: id })
      }),

    /** @throws Refusal `not_found` */
    async sendAgain(player: Identity, ticketId: TicketId, messageId: MessageId): Promise<Message> {
      const answer = await store.transaction(async (ledger) => {
        const ticket = await ownTicket(ledger, player, ticketId)
        await ownMessage(ledger, ticket, messageId)
        await refuseWhileErasing(ledger, player.key)
        await sendAgain(ledger, ticketId, messageId, clock.now())
        const [message] = await presentMessages(ledger, [await ownMessage(ledger, ticket, messageId)])
        if (!message) throw new Refusal('not_found')
        return message
      }, ticketId)
      notify(player)
      return answer
    },

    /** @throws Refusal `not_found` */
    read: (player: Identity, game: LiveGame, id: TicketId) =>
      change(player, game, id, async (ledger, ticket, now) => {
        if (ticket.read_position >= ticket.message_count) return
        await ledger.tickets.markRead(id, ticket.message_count)
        await ledger.events.add(player.key, now, { type: 'unread' })
      }),
  }
}

function tell(ledger: Ledger, player: Identity, ticket_id: TicketId, now: Date) {
  return ledger.events.add(player.key, now, { type: 'ticket-changed', ticket_id }, { type: 'unread' })
}
