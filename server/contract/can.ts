/** What a game's vendor allows, as data, so that the widget tells the player the truth before they press anything. */
import { z } from 'zod'

/** Limits on files: MIME types, bytes of one file, files on one message. */
export const AttachmentLimits = z.object({
  types: z.array(z.string()),
  maxBytes: z.int().positive(),
  maxCount: z.int().positive(),
})

export const Can = z.object({
  /** False where nothing could be delivered: as the game is configured, or for this player. Then it is said before a word is written. */
  open: z.boolean(),
  /** `follow-up`: a reply becomes a further vendor ticket that names the first; the player still sees one. */
  reply: z.enum(['thread', 'follow-up']),
  reopen: z.enum(['native', 'follow-up']).or(z.literal(false)),
  close: z.boolean(),
  /** `email`: the vendor's answers cannot be read back; they go to the player's address. */
  answers: z.enum(['thread', 'email']),
  attachments: AttachmentLimits.or(z.literal(false)),
  history: z.enum(['vendor', 'relay']),
  deletion: z.enum(['vendor', 'request']),
  /** `note`: the vendor has no call for it, so the agents find it as a note or a tag. */
  rating: z.enum(['native', 'note']).or(z.literal(false)),
  push: z.enum(['hook', 'poll']),
})

export type AttachmentLimits = z.infer<typeof AttachmentLimits>
export type Can = z.infer<typeof Can>
