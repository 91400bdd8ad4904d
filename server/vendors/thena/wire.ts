/** Thena on the wire: its part of the configuration, and the little the relay reads of its answers. */
import { z } from 'zod'
import { askingOf, limitedByDocument } from '../call-budget.ts'
import { BaseUrl, VendorPath } from '../http/address.ts'
import { settle } from '../settle.ts'

/**
 * Calls Thena's reference shows but Medkit's document of it does not, so that a studio can follow Thena should they move.
 * Reading one ticket is inferred from the path that updates it; where it is missing, the search by id stands in.
 */
const ThenaPaths = z.strictObject({
  ticket: VendorPath.default('GET /v1/tickets/{ticketId}'),
  update: VendorPath.default('PATCH /v1/tickets/{ticketId}'),
  comment: VendorPath.default('POST /v1/tickets/{ticketId}/comment'),
  comments: VendorPath.default('GET /v1/comments'),
  search: VendorPath.default('GET /v1/search/tickets'),
  statuses: VendorPath.default('GET /v1/tickets/status'),
})

/** Of `POST /v1/tickets`; all four are Thena's own ids and names, and the studio's to say. */
const ThenaRouting = z.strictObject({
  priorityName: z.string().min(1).optional(),
  typeId: z.string().min(1).optional(),
  formId: z.string().min(1).optional(),
  /** "object[]": what is in one, the document does not say. */
  customFieldValues: z.array(z.record(z.string(), z.unknown())).optional(),
})

/** `vendor` in a game's configuration, for a studio that works in Thena. The key should be an app key of the player team. */
export const ThenaConfig = z.strictObject({
  kind: z.literal('thena'),
  ...settle,
  ...askingOf(limitedByDocument),
  baseUrl: BaseUrl.default('https://platform.thena.ai'),
  apiKey: z.string().min(1),
  /** The one team players' tickets go to. */
  teamId: z.string().min(1),
  paths: ThenaPaths.prefault({}),
  /** Where Thena is to put the tickets of a category of the form, by the category's id. */
  categories: z.record(z.string(), ThenaRouting).default({}),
})
export type ThenaConfig = z.output<typeof ThenaConfig>

/**
 * Thena's envelope, `{status, message, timestamp, data}`. `status: false` under a 200 is an error in disguise, so only
 * `true` fits.
 */
function enveloped<T extends z.ZodType>(data: T) {
  return z.object({ status: z.literal(true), data })
}

const Instant = z.iso.datetime({ offset: true })

/** Without `requestorEmail` a ticket cannot be proved to be anyone's, so it is not optional. */
export const ThenaTicket = z.object({
  id: z.string().min(1),
  requestorEmail: z.string(),
  statusId: z.string().nullish(),
  status: z.string().nullish(),
  closedAt: Instant.nullish(),
  deletedAt: Instant.nullish(),
  updatedAt: Instant.nullish().catch(undefined),
})
export type ThenaTicket = z.output<typeof ThenaTicket>

/** A row of the search index. Its `metadata` is a JSON string, unlike everywhere else. */
export const ThenaHit = ThenaTicket.extend({ metadata: z.string().nullish() })
export type ThenaHit = z.output<typeof ThenaHit>

const Text = z.string().nullish().catch(undefined)

/** As much of a row as moves with its ticket. What was said in the comments is hashed and not kept. */
export const ListedHit = z.object({
  id: z.string().min(1),
  statusId: Text,
  status: Text,
  createdAt: Text,
  updatedAt: Text,
  closedAt: Text,
  deletedAt: Text,
  lastComment: Text,
  lastCustomerComment: Text,
  lastVendorComment: Text,
})
export type ListedHit = z.output<typeof ListedHit>

/** Rows stay unread here: one that drifted must not hide its neighbours. */
export const ThenaSearch = z.object({ result: z.object({ hits: z.array(z.object({ document: z.unknown() })) }) })

export const ThenaComment = z.object({
  id: z.string().min(1),
  content: z.string().nullish(),
  commentVisibility: z.string().nullish(),
  commentType: z.string().nullish(),
  threadName: z.string().nullish(),
  deletedAt: Instant.nullish(),
  createdAt: Instant,
  author: z.string().nullish(),
  impersonatedUserName: z.string().nullish(),
  customerContactEmail: z.string().nullish(),
  attachments: z.array(z.unknown()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})
export type ThenaComment = z.output<typeof ThenaComment>

/** As much of a comment as tells whether it is a certain one of ours. */
export const MarkedComment = ThenaComment.pick({ id: true, metadata: true }).extend({
  customerContactEmail: z.string().optional().catch(undefined),
  createdAt: Instant.optional().catch(undefined),
})

export const ThenaStatus = z.object({
  id: z.string().min(1),
  name: z.string(),
  displayName: z.string().nullish(),
  isDefault: z.boolean().nullish(),
  parentStatusId: z.string().nullish(),
})
export type ThenaStatus = z.output<typeof ThenaStatus>

const WithId = z.object({ id: z.string().min(1) })

/** The ticket exists, whatever has become of the echo of its first comment. */
export const OpenedTicket = enveloped(WithId.extend({ comment: WithId.nullish().catch(undefined) }))
export const UpdatedTicket = enveloped(WithId)
export const OneTicket = enveloped(ThenaTicket)
export const OneComment = enveloped(WithId)
export const Comments = enveloped(z.array(z.unknown()))
export const Statuses = enveloped(z.array(ThenaStatus))

/** A platform event. Everything in it is a hint: what it says of the ticket is read again, never believed. */
export const ThenaEvent = z.object({
  eventId: z.string().max(128).optional(),
  eventType: z.string(),
  payload: z.object({
    ticket: z.object({ id: z.string().min(1).max(128) }).optional(),
    previousTicket: z.object({ id: z.string().min(1).max(128) }).optional(),
    comment: z.object({ ticketId: z.string().min(1).max(128).optional() }).optional(),
  }),
})
