/**
 * Takes what a player wrote into the ledger, in one transaction with its place in the outbox. After that it is the
 * relay's to deliver: no answer here waits for a vendor.
 */
import type { z } from 'zod'
import type { LiveGame } from '../config/games.ts'
import type { AttachmentId, MessageId, TicketId } from '../contract/ids.ts'
import type { Message, NewMessage } from '../contract/message.ts'
import type { Conversation, NewTicket } from '../contract/ticket.ts'
import type { Identity } from '../players/identity.ts'
import { rememberKey } from '../players/recovery-session.ts'
import { refuseWhileErasing } from '../players/refuse-while-erasing.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refusal } from '../runtime/refusal.ts'
import { type AttachmentRow, isUnseenAtVendor } from '../store/attachments.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { MessageTable, TicketTable } from '../store/tables.ts'
import type { CanOpen } from './can-open.ts'
import { checkCount, checkForm } from './form.ts'
import { createIdempotency, type Prepared } from './idempotency.ts'
import { newDelivery, newMessage, newPlayer, newTicket, withFreeNumber } from './new-rows.ts'
import { ownTicket } from './ownership.ts'
import { canBeRepliedTo, presentMessage, presentTicket } from './present.ts'
import { besideWords, linesOf } from './sent-along.ts'
import { vendorPlayer } from './vendor-player.ts'

export interface AcceptParts {
  store: Store
  clock: Clock
  notifier: Notifier
  opens: Pick<CanOpen, 'known'>
  /** The keyed name a vendor may know a player by. */
  pseudonymOf: (game: string, subject: string) => string
}

/** Who writes, where, and under which `Idempotency-Key`. */
export interface Writer {
  player: Identity
  game: LiveGame
  idempotencyKey: string
}

export type Accept = ReturnType<typeof createAccept>

export function createAccept({ store, clock, notifier, opens, pseudonymOf }: AcceptParts) {
  const once = createIdempotency({ store, clock })

  /** @throws Refusal `unsupported` where nothing can be opened, `erasure_under_way`, `invalid`, or what the key has to say */
  async function opening(writer: Writer, body: z.output<typeof NewTicket>): Promise<Conversation> {
    const { player, game, idempotencyKey } = writer
    checkForm(game, body)
    const request = { player: player.key, route: 'POST /tickets', key: idempotencyKey, body }
    const conversation = accepted(writer, await once(request, (ledger) => prepareOpening(ledger, writer, body)))
    // An answer kept from before there were such lines has none.
    return { ...conversation, sentAlong: conversation.sentAlong ?? [] }
  }

  async function prepareOpening(
    ledger: Ledger,
    { player, game }: Writer,
    body: z.output<typeof NewTicket>,
  ): Promise<Prepared<Conversation>> {
    await refuseWhileErasing(ledger, player.key)
    if (!opens.known(player, game)) throw new Refusal('unsupported')
    const now = clock.now()
    const ticket = await withFreeNumber(ledger, game, newTicket(player, game, body, now))
    const message = newMessage(ticket.id, body.message, ticket.language, now)
    const files = await named(ledger, body.attachments)
    const row = newPlayer(player, pseudonymOf(player.game, player.subject), now)
    const write = async () => {
      if (!player.isRemembered) await remember(ledger, player, now)
      await ledger.tickets.add(ticket)
      await ledger.messages.add({ ...message, position: 1 })
      await carry(ledger, player, message, body.attachments ?? [])
      await ledger.deliveries.add(newDelivery(player, ticket.id, 'open', message, now))
      await tell(ledger, player, message, now)
    }
    const sentAlong = linesOf(besideWords(game, ticket, vendorPlayer(row)))
    return { answer: { ...openingAnswer(ticket, message, files, game), sentAlong }, write }
  }

  /** @throws Refusal `not_found`, `erasure_under_way`, `ticket_closed`, `unsupported`, `invalid`, or what the key has to say */
  async function reply(writer: Writer, ticketId: TicketId, body: z.output<typeof NewMessage>): Promise<Message> {
    const { player, game, idempotencyKey } = writer
    checkCount(game, body.attachments ?? [])
    const route = `POST /tickets/${ticketId}/messages`
    const request = { player: player.key, route, key: idempotencyKey, body, ticket: ticketId }
    return accepted(writer, await once(request, (ledger) => prepareReply(ledger, writer, ticketId, body)))
  }

  async function prepareReply(
    ledger: Ledger,
    { player, game }: Writer,
    ticketId: TicketId,
    body: z.output<typeof NewMessage>,
  ): Promise<Prepared<Message>> {
    const ticket = await ownTicket(ledger, player, ticketId)
    await refuseWhileErasing(ledger, player.key)
    if (ticket.status === 'closed') throw new Refusal('ticket_closed')
    if (!canBeRepliedTo(game.can)) throw new Refusal('unsupported')
    const now = clock.now()
    const message = newMessage(ticketId, body.message, null, now)
    const files = await named(ledger, body.attachments)
    const write = async () => {
      const position = await ledger.tickets.takeReply(ticketId, now)
      if (position === undefined) throw new Refusal('ticket_closed')
      // With the words on a ticket went what was known of its player.
      if (ticket.emptied === 1 && !player.isRemembered) await remember(ledger, player, now)
      await ledger.messages.add({ ...message, position })
      await carry(ledger, player, message, body.attachments ?? [])
      await ledger.deliveries.add(newDelivery(player, ticketId, 'reply', message, now))
      await tell(ledger, player, message, now)
    }
    return { answer: presentMessage({ ...message, position: 0 }, onMessage(files, message.id)), write }
  }

  async function remember(ledger: Ledger, player: Identity, now: Date): Promise<void> {
    await ledger.players.remember(newPlayer(player, pseudonymOf(player.game, player.subject), now))
    await rememberKey(ledger, player, now)
  }

  function accepted<T>({ player }: Writer, { answer, isFirst }: { answer: T; isFirst: boolean }): T {
    if (isFirst) {
      notifier.outbox.notify(player.game)
      notifier.player.notify(player.key)
    }
    return answer
  }

  return { opening, reply }
}

/**
 * A file goes along in whatever state it is: no message waits here for one, and none is lost because one was.
 *
 * @throws Refusal `invalid` naming every file that is not there, not the player's, or on a message already
 */
async function carry(
  ledger: Ledger,
  player: Identity,
  { id: message_id, ticket_id }: { id: MessageId; ticket_id: TicketId },
  ids: readonly AttachmentId[],
): Promise<void> {
  const errors = []
  for (const [position, id] of ids.entries()) {
    const isCarried = await ledger.attachments.carry(id, player.key, { ticket_id, message_id, position })
    if (!isCarried) errors.push({ path: `attachments.${position}`, code: 'unknown' })
  }
  if (errors.length > 0) throw new Refusal('invalid', { errors })
}

/** Tells the player's other devices. */
function tell(ledger: Ledger, player: Identity, message: { id: MessageId; ticket_id: TicketId }, now: Date) {
  const { ticket_id } = message
  return ledger.events.add(
    player.key,
    now,
    { type: 'message-added', ticket_id, message_id: message.id },
    { type: 'ticket-changed', ticket_id },
  )
}

function openingAnswer(
  ticket: TicketTable,
  message: Omit<MessageTable, 'position'>,
  files: readonly AttachmentRow[],
  { can }: LiveGame,
): Omit<Conversation, 'sentAlong'> {
  const newest = { newest_author: message.author, newest_text: message.text, newest_sent_at: message.sent_at }
  return {
    ...presentTicket({ ...ticket, ...newest, unread: 0 }, can),
    messages: [presentMessage({ ...message, position: 1 }, onMessage(files, message.id))],
    earlier: null,
  }
}

/** The files as they will be once the message carries them. */
function onMessage(files: readonly AttachmentRow[], message_id: MessageId): AttachmentRow[] {
  return files.map((file) => ({ ...file, message_id, state: isUnseenAtVendor(file) ? 'checking' : file.state }))
}

/** In the order in which they are named. */
async function named(ledger: Ledger, ids: readonly AttachmentId[] = []): Promise<AttachmentRow[]> {
  const rows = await ledger.attachments.findAll(ids)
  return ids.flatMap((id) => rows.filter((row) => row.id === id))
}
