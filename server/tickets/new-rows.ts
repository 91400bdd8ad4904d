/** Rows for what a player has just written, and the ids and references they are given. */
import type { z } from 'zod'
import type { LiveGame } from '../config/games.ts'
import type { MessageId, TicketId } from '../contract/ids.ts'
import { languageOf } from '../contract/language.ts'
import type { NewTicket } from '../contract/ticket.ts'
import type { Identity } from '../players/identity.ts'
import { datedId, randomReference } from '../runtime/random.ts'
import type { NewDelivery } from '../store/deliveries.ts'
import type { Ledger } from '../store/store.ts'
import type { MessageTable, Operation, PlayerTable, TicketTable } from '../store/tables.ts'

export function newPlayer(player: Identity, pseudonym: string, now: Date): PlayerTable {
  return {
    player: player.key,
    game: player.game,
    subject: player.subject,
    kind: player.kind,
    pseudonym,
    name: player.name ?? null,
    email: player.email ?? null,
    locale: player.locale ?? null,
    signed: JSON.stringify(player.signed),
    merged_into: null,
    created_at: now.getTime(),
    seen_at: now.getTime(),
  }
}

/** With its first message counted already. */
export function newTicket(player: Identity, game: LiveGame, body: z.output<typeof NewTicket>, now: Date): TicketTable {
  const time = now.getTime()
  const [fallback = 'en'] = game.config.languages
  return {
    id: datedId(now) as TicketId,
    game: game.key,
    player: player.key,
    number: newNumber(game),
    subject: oneLine(body.subject ?? '') || firstWords(body.message) || game.config.name,
    status: 'open',
    language: languageOf(body.language) ?? fallback,
    category: body.category ?? null,
    fields: JSON.stringify(body.fields ?? {}),
    claimed: JSON.stringify(body.metadata ?? {}),
    signed: JSON.stringify(player.signed),
    answer_to: body.email ?? null,
    created_at: time,
    updated_at: time,
    heard_at: time,
    must_read: 0,
    message_count: 1,
    said_position: 1,
    read_position: 1,
    follow_up: 0,
    rating_score: null,
    rating_comment: null,
    emptied: 0,
    refilled_at: 0,
  }
}

export function newMessage(
  ticketId: TicketId,
  text: string,
  language: string | null,
  now: Date,
): Omit<MessageTable, 'position'> {
  return {
    id: datedId(now) as MessageId,
    ticket_id: ticketId,
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
    event: null,
    event_by: null,
  }
}

export function newDelivery(
  player: Identity,
  ticketId: TicketId,
  operation: Operation,
  message: { id: MessageId; mark: string | null } | undefined,
  now: Date,
): NewDelivery {
  return {
    game: player.game,
    player: player.key,
    ticket_id: ticketId,
    operation,
    message_id: message?.id ?? null,
    mark: message?.mark ?? newMark(),
    state: 'waiting',
    attempts: 0,
    failures: 0,
    not_before: 0,
    choked: 0,
    first_failed_at: null,
    failed_at: null,
    unsure_since: null,
    looks: 0,
    resent: 0,
    problem_code: null,
    lease_owner: null,
    lease_until: 0,
    created_at: now.getTime(),
  }
}

/** `SH-4F7K2` for Star Harbor: initials and five characters, of which a game has 24 million. */
export function newNumber({ key, config }: LiveGame): string {
  return `${initials(config.name) ?? initials(key) ?? 'T'}-${randomReference(5)}`
}

/** The row with a number that no other ticket of its game has. */
export async function withFreeNumber(ledger: Ledger, game: LiveGame, ticket: TicketTable): Promise<TicketTable> {
  let number = ticket.number
  while (await ledger.tickets.isNumberTaken(ticket.game, number)) number = newNumber(game)
  return { ...ticket, number }
}

/** @returns undefined for a name that Latin letters do not write */
function initials(name: string): string | undefined {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const letters =
    words.length === 1
      ? words[0]?.slice(0, 2)
      : words
          .map((word) => word.charAt(0))
          .join('')
          .slice(0, 3)
  return letters?.toUpperCase() || undefined
}

/** Made once for each message, and the same on every attempt to deliver it. */
function newMark(): string {
  return `mk-${randomReference(20)}`
}

const lineBreak = /[\r\n\u2028\u2029]/

/** Vendors set a subject as a title, and a title has no lines. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}

/** A subject where the player gave none. */
export function firstWords(message: string): string {
  const line = oneLine(message.split(lineBreak).find((one) => oneLine(one) !== '') ?? '')
  if (line.length <= 60) return line
  const cut = line.slice(0, 60).toWellFormed().replace('\ufffd', '')
  return `${cut.slice(0, cut.lastIndexOf(' ') > 30 ? cut.lastIndexOf(' ') : undefined)}…`
}
