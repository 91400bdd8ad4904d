/** A player's case with the studio. */
import { z } from 'zod'
import { Instant, TicketId } from './ids.ts'
import { Language, LanguageTag } from './language.ts'
import { AttachmentIds, Message, MessageText, PlainText } from './message.ts'
import { Proof } from './proof.ts'

/** `open`: with the studio. `answered`: waiting for the player. */
export const TicketStatus = z.enum(['open', 'answered', 'closed'])

export const Rating = z.object({ score: z.int().min(1).max(5), comment: z.string().optional() })

export const NewRating = z.strictObject({
  score: z.int().min(1).max(5),
  comment: PlainText.pipe(z.string().trim().max(2_000)).optional(),
})

/** The newest that somebody wrote. A line such as “closed” never stands before their words: `status` says as much. */
const LastMessage = z.object({
  author: Message.shape.author.exclude(['system']),
  text: z.string(),
  sentAt: Instant,
})

export const Ticket = z.object({
  id: TicketId,
  /** Short and human (`SH-4F7K2`), unique in its game; means nothing to another player. */
  number: z.string(),
  subject: z.string(),
  status: TicketStatus,
  language: Language,
  category: z.string().optional(),
  createdAt: Instant,
  /** Grows with every change but reading: of two copies, it tells which is the newer. */
  updatedAt: Instant,
  /** Agent messages the player has not read. */
  unread: z.int(),
  lastMessage: LastMessage.optional(),
  rating: Rating.optional(),
  /** When the vendor was last heard. */
  asOf: Instant,
  can: z.object({ reply: z.boolean(), close: z.boolean(), reopen: z.boolean(), rate: z.boolean() }),
})

/**
 * One line of what the vendor was given beside the player's words. `signed`: the studio's token says so. `claimed`: the
 * player or their device does. What the relay knows by a name of its own is `player`, `name`, `email`, `tier`, `tags`,
 * `language`, `category` and `answerTo`; a field of the form goes by its id, and all else by the name it was given.
 */
export const SentLine = z.object({
  key: z.string(),
  value: z.string(),
  source: z.enum(['signed', 'claimed']),
})

/** `messages` oldest first; `earlier` is the `before` of the next page back, or null at the beginning. */
export const Conversation = Ticket.extend({
  messages: z.array(Message),
  earlier: z.string().nullable(),
  /**
   * What every vendor ticket behind this one was opened with; until the first has arrived, what goes along with it. Empty
   * where the vendor refused it, and once it has outlived its retention.
   */
  sentAlong: z.array(SentLine),
})

const Label = PlainText.pipe(z.string().min(1).max(64))

/** Flat, and *claimed*: the browser says so, nobody has proved it. */
const ClaimedMetadata = z
  .record(Label, PlainText.pipe(z.string().max(1_024)))
  .refine((metadata) => Object.keys(metadata).length <= 32, { error: 'more than 32 values' })

export const NewTicket = z.strictObject({
  message: MessageText,
  subject: PlainText.pipe(z.string().trim().max(200)).optional(),
  language: LanguageTag,
  category: z.string().max(64).optional(),
  /** The answers to the category's own questions, by field id. */
  fields: z.record(Label, PlainText.pipe(z.string().max(2_000))).optional(),
  metadata: ClaimedMetadata.optional(),
  attachments: AttachmentIds.optional(),
  /** Where answers go when `can.answers` is `email`. Never an identity. */
  email: z.email().max(254).optional(),
  /** The solution of a challenge, from anonymous players of games with `proofOfWork`. No part of what is said. */
  proof: Proof.optional(),
})

export type TicketStatus = z.infer<typeof TicketStatus>
export type Rating = z.infer<typeof Rating>
export type NewRating = z.input<typeof NewRating>
export type LastMessage = z.infer<typeof LastMessage>
export type Ticket = z.infer<typeof Ticket>
export type SentLine = z.infer<typeof SentLine>
export type Conversation = z.infer<typeof Conversation>
export type ClaimedMetadata = z.infer<typeof ClaimedMetadata>
export type NewTicket = z.input<typeof NewTicket>
