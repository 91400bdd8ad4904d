/** What a player or an agent said on a ticket, and the lines between that say what became of it. */
import { z } from 'zod'
import { Attachment } from './attachment.ts'
import { AttachmentId, Instant, MessageId } from './ids.ts'
import { DeliveryProblemCode } from './problem.ts'

/** Unicode code points after trimming. A browser's `maxlength` counts UTF-16 units, so it lets no more through. */
const maxMessageLength = 10_000

/** Where a player's message is: safe in the relay, at the vendor, read there, or stuck with a problem. */
export const Delivery = z.enum(['received', 'delivered', 'read', 'failed'])

export const Message = z.object({
  id: MessageId,
  author: z.enum(['player', 'agent', 'system']),
  authorName: z.string().optional(),
  text: z.string(),
  language: z.string().optional(),
  sentAt: Instant,
  attachments: z.array(Attachment),
  delivery: Delivery,
  /** Only with `failed`. */
  problem: z.object({ code: DeliveryProblemCode }).optional(),
  /** Only with the author `system`: what became of the ticket. `text` says the same in English. */
  event: z.enum(['closed', 'reopened']).optional(),
  /** Only with `event`. `studio`: its help desk said so, whoever or whatever did it there. */
  by: z.enum(['player', 'studio']).optional(),
})

/**
 * Text a store and a vendor can hold: without NUL, which PostgreSQL refuses, and without lone surrogates, which no
 * UTF-8 can carry.
 */
export const PlainText = z.string().transform((text) => text.toWellFormed().replaceAll('\0', ''))

export const MessageText = PlainText.pipe(z.string().trim().min(1).max(maxMessageLength))

export const AttachmentIds = z.array(AttachmentId).max(100).refine(unique, { error: 'the same attachment twice' })

export const NewMessage = z.strictObject({
  message: MessageText,
  attachments: AttachmentIds.optional(),
})

export type Delivery = z.infer<typeof Delivery>
export type Message = z.infer<typeof Message>
export type NewMessage = z.input<typeof NewMessage>

function unique(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length
}
