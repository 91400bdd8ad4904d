/**
 * Takes what a player wrote into the ledger, in one transaction with its place in the outbox. After that it is the
 * relay's to deliver: no answer here waits for a vendor.
 */
import type { z } from 'zod'
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { AttachmentId, MessageId, TicketId } from '../contract/ids.ts'
import { languageOf } from '../contract/language.ts'
import type { Message, NewMessage } from '../contract/message.ts'
import type { Conversation, NewRating, NewTicket, Ticket, TicketStatus } from '../contract/ticket.ts'
import type { LiveGame } from '../games.ts'
import type { Identity } from '../players/identity.ts'
import { Refusal } from '../problem.ts'
import { randomId, randomReference } from '../random.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { MessageTable, Operation } from '../store/tables.ts'
import type { TicketRow } from '../store/tickets.ts'
import { checkCount, checkForm } from './form.ts'
import { createOnce } from './once.ts'
import { ownTicket } from './ownership.ts'
import { presentMessages, presentTicket } from './present.ts'

export interface AcceptParts {
  store: Store
  clock: Clock
  bells: Bells
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

export function createAccept({ store, clock, bells, pseudonymOf }: AcceptParts) {
  const once = createOnce({ store, clock })

  /** @throws Refusal `invalid`, or what the key has to say */
  async function opening({ player, game, idempotencyKey }: Writer, body: z.output<typeof NewTicket>) {
    const category = checkForm(game, body)
    const request = { player: player.key, route: 'POST /tickets', key: idempotencyKey, body }
    const { answer, isFirst } = await once<Conversation>(request, async (ledger) => {
      const now = clock.now()
      await rememberPlayer(ledger, player, now)
      const row = await newTicket(ledger, player, game, { ...body, category: category?.id }, now)
      await ledger.tickets.add(row)
      const message = await addPlayerMessage(ledger, row.id, body.message, row.language, now)
      await carry(ledger, player, row.id, message.id, body.attachments ?? [])
      await putOut(ledger, player, row.id, 'open', message.id, now)
      await tell(ledger, player, row.id, message.id, now)
      return conversation(ledger, row.id, game)
    })
    if (isFirst) ring(player)
    return answer
  }

  /** @throws Refusal `not_found`, `ticket_closed`, `invalid`, or what the key has to say */
  async function reply(
    { player, game, idempotencyKey }: Writer,
    ticketId: TicketId,
    body: z.output<typeof NewMessage>,
  ) {
    checkCount(game, body.attachments ?? [])
    const route = `POST /tickets/${ticketId}/messages`
    const { answer, isFirst } = await once<Message>(
      { player: player.key, route, key: idempotencyKey, body },
      async (ledger) => {
        const ticket = await ownTicket(ledger, player, ticketId)
        if (ticket.status === 'closed') throw new Refusal('ticket_closed')
        const now = clock.now()
        const message = await addPlayerMessage(ledger, ticketId, body.message, null, now)
        await carry(ledger, player, ticketId, message.id, body.attachments ?? [])
        await ledger.tickets.change(ticketId, { status: 'open', updated_at: now.getTime() })
        await putOut(ledger, player, ticketId, 'reply', message.id, now)
        await tell(ledger, player, ticketId, message.id, now)
        return messageOf(ledger, message.id)
      },
    )
    if (isFirst) ring(player)
    return answer
  }

  /** Closes or reopens; a ticket that is so already is left alone. @throws Refusal `not_found`, `unsupported` */
  async function setStatus(
    player: Identity,
    game: LiveGame,
    ticketId: TicketId,
    wanted: 'open' | 'closed',
  ): Promise<Ticket> {
    const isPossible = wanted === 'closed' ? game.can.close : game.can.reopen !== false
    const answer = await store.transaction(async (ledger) => {
      const ticket = await ownTicket(ledger, player, ticketId)
      if ((ticket.status === 'closed') === (wanted === 'closed')) return presentTicket(ticket, game.can)
      if (!isPossible) throw new Refusal('unsupported')
      await moveTo(ledger, player, game, ticket, wanted)
      return ticketOf(ledger, ticketId, game)
    })
    ring(player)
    return answer
  }

  async function moveTo(ledger: Ledger, player: Identity, game: LiveGame, ticket: TicketRow, wanted: TicketStatus) {
    const now = clock.now()
    const isFollowUp = wanted === 'open' && game.can.reopen === 'follow-up'
    await ledger.tickets.change(ticket.id, {
      status: wanted,
      updated_at: now.getTime(),
      ...(isFollowUp ? { follow_up: 1 } : {}),
    })
    if (!isFollowUp) await putOut(ledger, player, ticket.id, wanted === 'closed' ? 'close' : 'reopen', null, now)
    await ledger.events.add(player.key, 'ticket-changed', now, { ticket_id: ticket.id })
    await ledger.events.add(player.key, 'unread', now)
  }

  /** @throws Refusal `not_found`, `unsupported` when the ticket is not closed, is rated, or the vendor takes none */
  async function rating(
    player: Identity,
    game: LiveGame,
    ticketId: TicketId,
    body: z.output<typeof NewRating>,
  ): Promise<Ticket> {
    const answer = await store.transaction(async (ledger) => {
      const ticket = await ownTicket(ledger, player, ticketId)
      if (!presentTicket(ticket, game.can).can.rate) throw new Refusal('unsupported')
      const now = clock.now()
      await ledger.tickets.change(ticketId, { rating_score: body.score, rating_comment: body.comment || null })
      await putOut(ledger, player, ticketId, 'rate', null, now)
      await ledger.events.add(player.key, 'ticket-changed', now, { ticket_id: ticketId })
      return ticketOf(ledger, ticketId, game)
    })
    ring(player)
    return answer
  }

  /** @throws Refusal `not_found` */
  async function read(player: Identity, game: LiveGame, ticketId: TicketId): Promise<Ticket> {
    const answer = await store.transaction(async (ledger) => {
      const ticket = await ownTicket(ledger, player, ticketId)
      if (ticket.read_position >= ticket.message_count) return presentTicket(ticket, game.can)
      await ledger.tickets.markRead(ticketId, ticket.message_count)
      await ledger.events.add(player.key, 'unread', clock.now())
      return ticketOf(ledger, ticketId, game)
    })
    bells.player.ring(player.key)
    return answer
  }

  async function addPlayerMessage(
    ledger: Ledger,
    ticketId: TicketId,
    text: string,
    language: string | null,
    now: Date,
  ) {
    const position = await ledger.tickets.nextPosition(ticketId)
    const message = newMessage(ticketId, position, text, language, now)
    await ledger.messages.add(message)
    // What the player answers to, they have seen.
    await ledger.tickets.markRead(ticketId, position)
    return message
  }

  function rememberPlayer(ledger: Ledger, player: Identity, now: Date) {
    return ledger.players.remember({
      player: player.key,
      game: player.game,
      subject: player.subject,
      kind: player.kind,
      pseudonym: pseudonymOf(player.game, player.subject),
      name: player.name ?? null,
      email: player.email ?? null,
      locale: player.locale ?? null,
      signed: JSON.stringify(player.signed),
      recovery_hash: null,
      merged_into: null,
      created_at: now.getTime(),
    })
  }

  function ring(player: Identity): void {
    bells.outbox.ring()
    bells.player.ring(player.key)
  }

  return { opening, reply, setStatus, rating, read }
}

function newMessage(
  ticketId: TicketId,
  position: number,
  text: string,
  language: string | null,
  now: Date,
): MessageTable {
  return {
    id: randomId() as MessageId,
    ticket_id: ticketId,
    position,
    author: 'player',
    author_name: null,
    text,
    language,
    sent_at: now.getTime(),
    delivery: 'received',
    problem_code: null,
    vendor_message_id: null,
    chain_position: null,
    mark: newMark(),
  }
}

/** Made once for each message, and the same on every attempt to deliver it. */
function newMark(): string {
  return `mk-${randomReference(20)}`
}

async function newTicket(
  ledger: Ledger,
  player: Identity,
  game: LiveGame,
  body: z.output<typeof NewTicket>,
  now: Date,
) {
  const time = now.getTime()
  const [fallback = 'en'] = game.config.languages
  return {
    id: randomId() as TicketId,
    game: game.key,
    player: player.key,
    number: await freeNumber(ledger, game.key),
    subject: body.subject || firstWords(body.message),
    status: 'open' as const,
    language: languageOf(body.language) ?? fallback,
    category: body.category ?? null,
    fields: JSON.stringify(body.fields ?? {}),
    claimed: JSON.stringify(body.metadata ?? {}),
    signed: JSON.stringify(player.signed),
    answer_to: body.email ?? null,
    created_at: time,
    updated_at: time,
    heard_at: time,
    message_count: 0,
    read_position: 0,
    follow_up: 0,
    rating_score: null,
    rating_comment: null,
  }
}

/** `SH-4F7K2` for `star-harbor`: initials and five characters, of which a game has 24 million. */
async function freeNumber(ledger: Ledger, game: string): Promise<string> {
  for (;;) {
    const number = `${initials(game)}-${randomReference(5)}`
    if (!(await ledger.tickets.isNumberTaken(game, number))) return number
  }
}

function initials(game: string): string {
  const words = game.split('-').filter((word) => word !== '')
  const letters = words.length === 1 ? (words[0] ?? '').slice(0, 2) : words.map((word) => word.charAt(0)).join('')
  return letters.slice(0, 3).toUpperCase()
}

/** A subject where the player gave none. */
function firstWords(message: string): string {
  const [line = ''] = message.split('\n')
  if (line.length <= 60) return line
  const cut = line.slice(0, 60).toWellFormed().replace('\ufffd', '')
  return `${cut.slice(0, cut.lastIndexOf(' ') > 30 ? cut.lastIndexOf(' ') : undefined)}…`
}

/** @throws Refusal `invalid` naming every file that cannot go along */
async function carry(
  ledger: Ledger,
  player: Identity,
  ticket_id: TicketId,
  message_id: MessageId,
  ids: readonly AttachmentId[],
) {
  const errors = []
  for (const [position, id] of ids.entries()) {
    const isCarried = await ledger.attachments.carry(id, player.key, { ticket_id, message_id, position })
    if (!isCarried) errors.push({ path: `attachments.${position}`, code: 'not_ready' })
  }
  if (errors.length > 0) throw new Refusal('invalid', { errors })
}

async function putOut(
  ledger: Ledger,
  player: Identity,
  ticketId: TicketId,
  operation: Operation,
  messageId: MessageId | null,
  now: Date,
) {
  const message = messageId === null ? undefined : await ledger.messages.find(messageId)
  await ledger.deliveries.add({
    game: player.game,
    player: player.key,
    ticket_id: ticketId,
    operation,
    message_id: messageId,
    mark: message?.mark ?? newMark(),
    state: 'waiting',
    attempts: 0,
    not_before: now.getTime(),
    problem_code: null,
    lease_owner: null,
    lease_until: 0,
    created_at: now.getTime(),
  })
}

/** Tells the player's other devices. */
async function tell(ledger: Ledger, player: Identity, ticketId: TicketId, messageId: MessageId, now: Date) {
  const about = { ticket_id: ticketId, message_id: messageId }
  await ledger.events.add(player.key, 'message-added', now, about)
  await ledger.events.add(player.key, 'ticket-changed', now, { ticket_id: ticketId })
}

async function ticketOf(ledger: Ledger, id: TicketId, game: LiveGame): Promise<Ticket> {
  const row = await ledger.tickets.find(id)
  if (!row) throw new Refusal('not_found')
  return presentTicket(row, game.can)
}

async function messageOf(ledger: Ledger, id: MessageId): Promise<Message> {
  const row = await ledger.messages.find(id)
  const [message] = row ? await presentMessages(ledger, [row]) : []
  if (!message) throw new Refusal('not_found')
  return message
}

async function conversation(ledger: Ledger, id: TicketId, game: LiveGame): Promise<Conversation> {
  const ticket = await ticketOf(ledger, id, game)
  return { ...ticket, messages: await presentMessages(ledger, await ledger.messages.page(id, 1)), earlier: null }
}
