/** Everything held on one player, in one document. */
import { z } from 'zod'
import { Attachment } from './attachment.ts'
import { DeletionRequest } from './deletion.ts'
import { Instant } from './ids.ts'
import { Message } from './message.ts'
import { PlayerKind } from './player.ts'
import { SentLine, Ticket } from './ticket.ts'

export const PlayerExport = z.object({
  exportedAt: Instant,
  player: z.object({
    game: z.string(),
    kind: PlayerKind,
    id: z.string(),
    name: z.string().optional(),
    email: z.string().optional(),
    locale: z.string().optional(),
  }),
  tickets: z.array(
    Ticket.omit({ can: true }).extend({
      fields: z.record(z.string(), z.string()),
      /** Where the player asked for answers. */
      email: z.string().optional(),
      /** What the browser claimed, and what the studio signed, when the ticket was opened. */
      metadata: z.object({ claimed: z.record(z.string(), z.string()), signed: z.record(z.string(), z.string()) }),
      messages: z.array(Message),
      /** What the vendor was given beside the words. */
      sentAlong: z.array(SentLine),
    }),
  ),
  attachments: z.array(Attachment),
  deletionRequests: z.array(DeletionRequest),
})

export type PlayerExport = z.infer<typeof PlayerExport>
