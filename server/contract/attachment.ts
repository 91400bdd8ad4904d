/** A file on a message, and how its bytes travel before it is on one. */
import { z } from 'zod'
import { AttachmentId } from './ids.ts'
import { Proof } from './proof.ts'

/**
 * `uploading`: bytes are missing. `checking`: all are there and are being looked into, which takes as long as the scanner
 * does. A message may carry a file in any state; it goes on to the studio once it is `ready`.
 */
export const AttachmentState = z.enum(['uploading', 'checking', 'ready', 'refused'])

/**
 * Why a file was refused after it was announced. `type_mismatch`: not what its type or name says. `type_not_allowed`: not
 * taken here, or by anybody. `unscannable`: the scanner takes no file like it. `unreadable`: its bytes never came, or are
 * not those that were announced.
 */
export const AttachmentReason = z.enum(['type_mismatch', 'type_not_allowed', 'infected', 'unscannable', 'unreadable'])

export const Attachment = z.object({
  id: AttachmentId,
  fileName: z.string(),
  fileType: z.string(),
  fileSize: z.int(),
  state: AttachmentState,
  reason: AttachmentReason.optional(),
})

/** `fileName` is what the player's device calls it; `fileType` a MIME type; `fileSize` in bytes. */
export const NewAttachment = z.strictObject({
  fileName: z.string().trim().min(1).max(255),
  fileType: z
    .string()
    .toLowerCase()
    .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/)
    .max(127),
  fileSize: z.int().min(1),
  /** The solution of a challenge, from anonymous players of games with `proofOfWork`: one for each file. */
  proof: Proof.optional(),
})

/** `tus`: the upload is created already; `HEAD` and `PATCH` it with the player's bearer (tus 1.0). `put`: one PUT. */
export const Upload = z.discriminatedUnion('protocol', [
  z.object({ protocol: z.literal('tus'), url: z.string() }),
  z.object({
    protocol: z.literal('put'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime(),
  }),
])

export const AnnouncedAttachment = z.object({ id: AttachmentId, upload: Upload })

export type AttachmentState = z.infer<typeof AttachmentState>
export type AttachmentReason = z.infer<typeof AttachmentReason>
export type Attachment = z.infer<typeof Attachment>
export type NewAttachment = z.infer<typeof NewAttachment>
export type Upload = z.infer<typeof Upload>
export type AnnouncedAttachment = z.infer<typeof AnnouncedAttachment>
