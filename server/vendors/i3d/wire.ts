/** i3D.net on the wire: its part of the configuration, and the little the relay reads of its answers. */
import { z } from 'zod'
import { askingOf, unlimitedByDocument } from '../call-budget.ts'
import { BaseUrl } from '../http/address.ts'
import { settle } from '../settle.ts'

/**
 * The document promises "all replies" and shows none, so their names are the studio's to set. All names that it does not
 * print stand here and in `statuses`.
 */
const ReplyFields = z.strictObject({
  list: z.string().min(1).default('replies'),
  text: z.string().min(1).default('content'),
  /** Unix seconds. */
  sentAt: z.string().min(1).default('createdAt'),
  /** `true` for the studio's side, `false` for the player's, null for neither; anything else does not fit. */
  staff: z.string().min(1).default('staff'),
  attachments: z.string().min(1).default('attachments'),
})
export type ReplyFields = z.output<typeof ReplyFields>

/** Addresses in CSV. Only ever from here: whoever sets them makes i3D.net mail a ticket's content to them. */
const Addresses = z.string().refine((list) => list.split(',').every((one) => z.email().safeParse(one.trim()).success), {
  error: 'must be e-mail addresses with commas between',
})

/** A word of a status, in letters alone. */
const StatusWord = z.string().regex(/^\p{L}+$/u, { error: 'must be one word' })

/** The document lists no status. One that has any of these words has ended its ticket: `Force-closed`, but not `Unresolved`. */
const Statuses = z.strictObject({ closed: z.array(StatusWord).min(1).default(['closed', 'resolved', 'solved']) })

/** The token drives the studio's servers and bills too: bind it to the relay's address and give it an end. */
export const I3dConfig = z.strictObject({
  kind: z.literal('i3d'),
  ...settle,
  ...askingOf(unlimitedByDocument),
  baseUrl: BaseUrl.default('https://api.i3d.net'),
  token: z.string().min(1),
  /** One of `GET /v3/tickets/categories`. */
  category: z.string().min(1),
  department: z.string().min(1),
  emailTo: Addresses,
  /** Absent: nobody. The document requires the field itself, "addresses in CSV format", so an empty list is sent then. */
  emailCc: Addresses.optional(),
  replyFields: ReplyFields.prefault({}),
  statuses: Statuses.prefault({}),
})
export type I3dConfig = z.output<typeof I3dConfig>

/** "Every successful GET/POST/PUT returns 200 with an array, even for one object": taken off here, and not insisted on. */
function unwrapped<T extends z.ZodType>(schema: T) {
  return z.preprocess((answer) => (Array.isArray(answer) ? answer[0] : answer), schema)
}

const ticketId = z.int().positive()

/** A row of a list. `hash` and `readHash` look like keys to the ticket and are not even read. */
export const I3dRow = z.object({ id: ticketId, title: z.string() })
/** As much of a row as moves with its ticket. */
export const I3dListed = z.object({
  id: ticketId,
  status: z.string(),
  updatedAt: z.number().nullish().catch(undefined),
  numUserReplies: z.number().nullish().catch(undefined),
})
/** As much of a row as says that it is somebody else's, be the rest as it may. */
export const I3dRowPlace = z.object({
  id: ticketId.optional().catch(undefined),
  createdAt: z.number().optional().catch(undefined),
})

/** One ticket. Loose, because its replies stand under a configured name; nothing is passed on as it came. */
export const I3dTicket = z.looseObject({
  id: ticketId,
  status: z.string(),
  createdAt: z.number().nullish().catch(undefined),
  updatedAt: z.number().nullish().catch(undefined),
})
export type I3dTicket = z.output<typeof I3dTicket>

export const Rows = z.array(z.unknown())
export const Categories = z.array(z.string().or(z.array(z.string()))).transform((names) => names.flat())
export const OpenedTicket = unwrapped(z.object({ id: ticketId }))
export const OneTicket = unwrapped(I3dTicket)
export const UploadedAttachment = unwrapped(z.object({ attachmentId: z.int().positive() }))

/**
 * The document says "No content" of opening and closing, and elsewhere i3D.net says an array: either will do, but for an
 * error in disguise.
 */
export const AnyAnswer = z.unknown().refine((answer) => !Disguised.safeParse(answer).success, { error: 'is an error' })
const Disguised = unwrapped(z.object({ errorCode: z.unknown(), errorMessage: z.string() }))

/** A file of a reply: an id alone, or an object that has one. */
export const I3dAttachment = z.preprocess(
  (file) => (typeof file === 'number' ? { id: file } : file),
  z.object({
    id: z.int().positive(),
    name: z.string().optional(),
    fileName: z.string().optional(),
    mimeType: z.string().optional(),
    size: z.int().nonnegative().optional(),
  }),
)
export type I3dAttachment = z.output<typeof I3dAttachment>
