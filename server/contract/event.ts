/** What the relay tells a player as it happens. */
import { z } from 'zod'
import { Attachment } from './attachment.ts'
import { DeletionRequest } from './deletion.ts'
import { MessageId, TicketId } from './ids.ts'
import { Delivery, Message } from './message.ts'
import { DeliveryProblemCode } from './problem.ts'
import { Ticket } from './ticket.ts'

/** Tickets with something unread, and tickets that wait for the player. */
export const UnreadCount = z.object({ count: z.int(), unanswered: z.int() })

export const PlayerEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ticket-changed'), data: z.object({ ticket: Ticket }) }),
  z.object({ type: z.literal('message-added'), data: z.object({ ticketId: TicketId, message: Message }) }),
  z.object({
    type: z.literal('message-delivery'),
    data: z.object({
      ticketId: TicketId,
      messageId: MessageId,
      delivery: Delivery,
      problem: z.object({ code: DeliveryProblemCode }).optional(),
    }),
  }),
  z.object({ type: z.literal('unread'), data: UnreadCount }),
  z.object({ type: z.literal('attachment-changed'), data: z.object({ attachment: Attachment }) }),
  z.object({ type: z.literal('deletion-changed'), data: z.object({ request: DeletionRequest }) }),
  /** The gap is too old to replay: read everything again. */
  z.object({ type: z.literal('resync'), data: z.object({}) }),
])

/** The answer to `?poll=1`: what is new since `Last-Event-ID`, each with the id to send next. */
export const EventBatch = z.object({
  events: z.array(z.object({ id: z.string(), event: PlayerEvent })),
  lastEventId: z.string(),
  nextPollSeconds: z.int(),
})

export type UnreadCount = z.infer<typeof UnreadCount>
export type PlayerEvent = z.infer<typeof PlayerEvent>
export type EventBatch = z.infer<typeof EventBatch>
