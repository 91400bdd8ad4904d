/**
 * The player API as one table. The widget's typed `call`, the relay's `Handlers`, the OpenAPI document and the routing
 * itself all come from here: a route that is not in this table does not exist.
 */
import { z } from 'zod'
import { AnnouncedAttachment, NewAttachment } from './attachment.ts'
import { DeletionRequest, NewDeletionRequest } from './deletion.ts'
import { EventBatch } from './event.ts'
import { PlayerExport } from './export.ts'
import { Game } from './game.ts'
import { AttachmentId, DeletionRequestId, GameKey, MessageId, TicketId } from './ids.ts'
import { Message, NewMessage } from './message.ts'
import { Bearer, KeptKey, LinkSent, Merge, Merged, NewSession, Session } from './player.ts'
import type { ProblemCode } from './problem-code.ts'
import { Challenge, NewSessionChallenge } from './proof.ts'
import { SignedReceipt } from './receipt.ts'
import { Conversation, NewRating, NewTicket, Ticket } from './ticket.ts'

export interface RouteSpec {
  summary: string
  /** `player` needs a bearer; its audience is the game. `anyone` needs none, and answers whoever brings one as that player. */
  access: 'public' | 'anyone' | 'player'
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
  /** Needs the header `Idempotency-Key`; the first answer is kept and given again for 7 days, or `retentionDays` where that is less. */
  idempotent?: true
  /**
   * Answers with server-sent events as well, and goes on from the header `Last-Event-ID`. Their `retry:` says when to come
   * back once the stream has ended or broken off: within 30 seconds, and each player at another moment.
   */
  streams?: true
  /** Its answers carry an `ETag`; whoever names that in `If-None-Match` meets 304 while nothing has changed. */
  conditional?: true
  /** By status. A string is a media type whose bytes are streamed; null is no body. */
  answers: Record<number, z.ZodType | string | null>
  /** Refusals of this route's own, beside those that `access`, `body` and `idempotent` bring along. */
  problems?: readonly ProblemCode[]
}

const limit = z.coerce.number().int().min(1).max(100).default(20)
const cursor = z.string().max(512).optional()

/** One page; `cursor` is null on the last. */
function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), cursor: z.string().nullable() })
}

const ofTicket = z.object({ ticketId: TicketId })
const ofAttachment = z.object({ attachmentId: AttachmentId })

export const routes = {
  'GET /games/:game': {
    summary:
      'What anyone may know about a game: name, languages, form, limits, ways to sign in. With a bearer of that game, `can` is the player’s own',
    access: 'anyone',
    params: z.object({ game: GameKey }),
    conditional: true,
    answers: { 200: Game },
    problems: ['not_found'],
  },
  'POST /sessions': {
    summary: 'Sign in: as an anonymous player, with a recovery key, or by e-mail',
    access: 'public',
    body: NewSession,
    answers: { 201: Session, 202: LinkSent },
    problems: ['not_found', 'unsupported'],
  },
  'POST /sessions/merge': {
    summary: 'Move the tickets of an anonymous player to the verified bearer, once',
    access: 'player',
    body: Merge,
    answers: { 200: Merged },
    problems: ['erasure_under_way', 'unsupported'],
  },
  'POST /recovery-keys': {
    summary: 'A recovery key for an anonymous player to write down, in place of an earlier one',
    access: 'player',
    answers: { 201: KeptKey },
    problems: ['erasure_under_way', 'unsupported'],
  },
  'GET /session': {
    summary: 'Who the bearer is, so that nobody goes on as somebody they did not mean to be',
    access: 'player',
    answers: { 200: Bearer },
  },
  'DELETE /session': {
    summary: 'Sign out: a token issued by the relay is dead at once, and so is the recovery key that came with it',
    access: 'player',
    answers: { 204: null },
  },
  'POST /sessions/challenges': {
    summary:
      'A challenge to solve before signing in as an anonymous player, or being sent a mail to sign in by, where the game asks for proof of work and many were asked for from one address',
    access: 'public',
    body: NewSessionChallenge,
    answers: { 201: Challenge },
    problems: ['not_found', 'unsupported'],
  },
  'POST /challenges': {
    summary:
      'A challenge to solve before opening a ticket or announcing a file, where the game asks anonymous players for proof of work',
    access: 'player',
    answers: { 201: Challenge },
    problems: ['unsupported'],
  },
  'GET /tickets': {
    summary: 'Own tickets, newest activity first',
    access: 'player',
    query: z.object({ cursor, limit }),
    conditional: true,
    answers: { 200: pageOf(Ticket) },
  },
  'POST /tickets': {
    summary: 'Open a ticket',
    access: 'player',
    body: NewTicket,
    idempotent: true,
    answers: { 201: Conversation },
    problems: ['erasure_under_way', 'unsupported'],
  },
  'GET /tickets/:ticketId': {
    summary: 'One own ticket with its newest messages, oldest first; `before` pages back',
    access: 'player',
    params: ofTicket,
    query: z.object({ before: cursor, limit }),
    conditional: true,
    answers: { 200: Conversation },
    problems: ['not_found'],
  },
  'POST /tickets/:ticketId/messages': {
    summary: 'Reply',
    access: 'player',
    params: ofTicket,
    body: NewMessage,
    idempotent: true,
    answers: { 201: Message },
    problems: ['erasure_under_way', 'not_found', 'ticket_closed', 'unsupported'],
  },
  'POST /tickets/:ticketId/messages/:messageId/retry': {
    summary: 'Send an own message again whose delivery failed; safe to repeat',
    access: 'player',
    params: z.object({ ticketId: TicketId, messageId: MessageId }),
    answers: { 200: Message },
    problems: ['erasure_under_way', 'not_found'],
  },
  'POST /tickets/:ticketId/close': {
    summary: 'Close; safe to repeat',
    access: 'player',
    params: ofTicket,
    answers: { 200: Ticket },
    problems: ['erasure_under_way', 'not_found', 'unsupported'],
  },
  'POST /tickets/:ticketId/reopen': {
    summary: 'Reopen; safe to repeat',
    access: 'player',
    params: ofTicket,
    answers: { 200: Ticket },
    problems: ['erasure_under_way', 'not_found', 'unsupported'],
  },
  'POST /tickets/:ticketId/read': {
    summary: 'Everything on the ticket so far has been seen; safe to repeat',
    access: 'player',
    params: ofTicket,
    answers: { 200: Ticket },
    problems: ['not_found'],
  },
  'POST /tickets/:ticketId/rating': {
    summary: 'Rate a closed ticket',
    access: 'player',
    params: ofTicket,
    body: NewRating,
    answers: { 200: Ticket },
    problems: ['erasure_under_way', 'not_found', 'unsupported'],
  },
  'POST /attachments': {
    summary: 'Announce a file; the answer says how to upload its bytes',
    access: 'player',
    body: NewAttachment,
    answers: { 201: AnnouncedAttachment },
    problems: ['erasure_under_way', 'storage_full', 'too_large', 'type_not_allowed', 'unsupported'],
  },
  'GET /attachments/:attachmentId': {
    summary: 'The bytes of an own file',
    access: 'player',
    params: ofAttachment,
    answers: { 200: 'application/octet-stream' },
    problems: ['not_found'],
  },
  'DELETE /attachments/:attachmentId': {
    summary: 'Drop a file that no message carries yet',
    access: 'player',
    params: ofAttachment,
    answers: { 204: null },
    problems: ['not_found'],
  },
  'POST /deletion-requests': {
    summary: 'Ask for erasure of everything held on the player',
    access: 'player',
    body: NewDeletionRequest,
    answers: { 202: DeletionRequest },
  },
  'GET /deletion-requests': {
    summary: 'Own requests for erasure with their dated steps, newest first',
    access: 'player',
    answers: { 200: pageOf(DeletionRequest) },
  },
  'DELETE /deletion-requests/:requestId': {
    summary: 'Withdraw a request that has not begun',
    access: 'player',
    params: z.object({ requestId: DeletionRequestId }),
    answers: { 200: DeletionRequest },
    problems: ['not_found', 'unsupported'],
  },
  'GET /deletion-requests/:requestId/receipt': {
    summary: 'The signed receipt of an erasure that is done; the relay’s keys are at `/.well-known/jwks.json`',
    access: 'player',
    params: z.object({ requestId: DeletionRequestId }),
    answers: { 200: SignedReceipt },
    problems: ['not_found'],
  },
  'GET /export': {
    summary: 'All that is held on the player, as one JSON document',
    access: 'player',
    answers: { 200: PlayerExport },
  },
  'GET /events': {
    summary: 'Server-sent events for the player; `poll=1` answers at once with what is new',
    access: 'player',
    query: z.object({ poll: z.literal('1').optional() }),
    streams: true,
    answers: { 200: EventBatch },
  },
} as const satisfies Record<string, RouteSpec>

export type Routes = typeof routes
export type RouteName = keyof Routes

/** The names of the `:parts` of a route's path. */
export type PathParams<R extends string> = R extends `${string}:${infer P}/${infer Rest}`
  ? P | PathParams<Rest>
  : R extends `${string}:${infer P}`
    ? P
    : never

type Sent<T> = T extends z.ZodType ? z.input<T> : never
type Got<T> = T extends z.ZodType ? z.output<T> : T extends null ? undefined : T extends string ? unknown : never

/** What a caller sends as the body of `R`. */
export type BodyOf<R extends RouteName> = Routes[R] extends { body: infer B } ? Sent<B> : undefined
/** What a caller may put behind the `?` of `R`. */
export type QueryOf<R extends RouteName> = Routes[R] extends { query: infer Q } ? Sent<Q> : undefined
/** What a caller gets from `R` when it succeeds. */
export type AnswerOf<R extends RouteName> = Got<Routes[R]['answers'][keyof Routes[R]['answers']]>
