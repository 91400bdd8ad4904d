/** What we configure for Theymes, and what we read of its answers. Fields not named here never get in. */
import { z } from 'zod'
import { askingOf, unlimitedByDocument } from '../call-budget.ts'
import { BaseUrl, VendorPath } from '../http/address.ts'
import { settle } from '../settle.ts'

// What the document does not print begins here: paths, and the names of a few fields and values.

/**
 * Only `/tickets` and `/attachments` are printed in the vendor's document. The next five follow its naming and can be
 * set right here; the last two have no likely form, so that deletion and download are off until a studio names them.
 */
const TheymesPaths = z.strictObject({
  actions: VendorPath.default('POST /tickets/{ticketId}/actions'),
  events: VendorPath.default('GET /tickets/{ticketId}/events'),
  games: VendorPath.default('GET /games'),
  tags: VendorPath.default('GET /tags'),
  fields: VendorPath.default('GET /fields'),
  deletion: VendorPath.optional(),
  attachment: VendorPath.optional(),
})

const unprinted = {
  paths: TheymesPaths.prefault({}),
  /** Types of events that are an agent's words to the player; whatever is on no list is hidden. */
  agentMessageTypes: z.array(z.string().min(1)).min(1).default(['AGENT_MESSAGE']),
  /** Where `POST /attachments` answers the address to upload to: its sample leaves out what its text speaks of. */
  uploadUrlField: z.string().min(1).default('uploadUrl'),
  /** Where the action `addPrivateNote` has its words, as an event has its own. */
  privateNoteField: z.string().min(1).default('message'),
}

/** Of the statuses only `new` is spelt in the document; these are the product's. Case and separators do not count. */
export const closedStatuses: readonly string[] = ['closed', 'resolved', 'rejected']
/** For the player. */
export const waitingStatus = 'waiting'

// What the document does not print ends here.

export const TheymesConfig = z.strictObject({
  kind: z.literal('theymes'),
  ...settle,
  ...askingOf(unlimitedByDocument),
  baseUrl: BaseUrl.default('https://api.theymes.com'),
  /** Company-wide: it reads and deletes the tickets of every game. */
  apiKey: z.string().trim().min(1),
  gameId: z.uuid(),
  ...unprinted,
})
export type TheymesConfig = z.output<typeof TheymesConfig>

/** `fileType` of `POST /attachments`, without `image/svg+xml`, which can carry script. */
export const fileTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'application/pdf',
  'video/mp4',
  'video/quicktime',
  'text/plain',
  'application/zip',
  'application/vnd.rar',
]

/** "Maximum allowed size is 200 MB", written as 209715200. */
export const maxFileBytes = 209_715_200

const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/** `url`, `issueSummary`, `issueResolution` and the CSAT are the studio's own and are not read. */
export const TheymesTicket = z.object({
  id: z.string().min(1),
  gameId: z.string(),
  playerId: z.string(),
  theymesPlayerId: z.string().min(1).nullish(),
  status: z.string(),
  language: z.string().nullish(),
  createdAt: Time,
  lastActivityAt: Time.nullish(),
})
export type TheymesTicket = z.output<typeof TheymesTicket>

/** As much of a ticket as says that it is not what is sought, be the rest as it may. */
export const TheymesTicketPlace = z.object({
  id: z.string().optional().catch(undefined),
  createdAt: Time.optional().catch(undefined),
})
export type TheymesTicketPlace = Partial<z.output<typeof TheymesTicketPlace>>

/** Each row is read by itself: one that does not fit hides none of the others. */
export const TicketList = z.object({
  tickets: z.array(z.unknown()),
  pagination: z.object({ cursor: z.string().nullish() }).nullish(),
})

/** Each row is read by itself, as {@link TheymesEvent}. */
export const EventList = z.object({ events: z.array(z.unknown()) })

/** Every event has a type; what else it must have depends on whether it is a message, see {@link MessageEvent}. */
export const TheymesEvent = z.looseObject({ type: z.string() })
export type TheymesEvent = z.output<typeof TheymesEvent>

/** As much of an event as tells whether it is a certain message of ours. */
export const SoughtEvent = z.object({
  type: z.unknown(),
  message: z.string().optional().catch(undefined),
  attachments: z.array(z.unknown()).catch([]),
})
export type SoughtEvent = z.output<typeof SoughtEvent>

export const MessageEvent = z.object({
  id: z.string().min(1),
  createdAt: Time,
  message: z.string().nullish(),
  language: z.string().nullish(),
  attachments: z.array(z.object({ id: z.string().min(1) })).nullish(),
})
export type MessageEvent = z.output<typeof MessageEvent>

export const CreatedTicket = z.object({ ticketId: z.string().min(1) })

const preparedUpload = {
  attachmentId: z.string().min(1),
  uploadMethod: z.literal('PUT'),
  uploadHeaders: z.record(z.string(), z.string()),
  uploadExpiresInSeconds: z.number().positive().nullish(),
}

/** An answer of `POST /attachments`, its address under the name that is configured. */
export function preparedUploadOf({ uploadUrlField }: Pick<TheymesConfig, 'uploadUrlField'>) {
  const Answer = z.looseObject({ ...preparedUpload, [uploadUrlField]: z.url() })
  return Answer.transform((answer) => ({ ...answer, uploadUrl: z.url().parse(answer[uploadUrlField]) }))
}
export type PreparedUpload = z.output<ReturnType<typeof preparedUploadOf>>

/** A `success` of false is no success, whatever the status says. */
export const Success = z.object({ success: z.literal(true) })

export const GameList = z.object({ games: z.array(z.object({ id: z.string() })) })
export const TagList = z.object({ tags: z.array(z.object({ gameId: z.string(), name: z.string() })) })
export const FieldList = z.object({ fields: z.array(z.object({ gameId: z.string(), key: z.string() })) })

/** The body a studio writes into the automation's HTTP action: `{"ticketId": "{{ ticketId }}"}`. */
export const HookBody = z.object({ ticketId: z.uuid() })
