/** What we configure for Zaia, and what we read of its answers. Fields not named here never get in. */
import { z } from 'zod'
import { BaseUrl, VendorPath } from '../address.ts'
import { settle } from '../settle.ts'

/**
 * The ticket calls are in the vendor's document and fixed. The first three of these are named in its public reference.
 * No call that adds a player's message was found there, so that without `sendMessage` nothing can be opened: it is sent
 * `{chatId, ticketId, <text>, <role>}` by the names of `messageFields`, and must answer `{id}`.
 */
const ZaiaPaths = z.strictObject({
  authenticate: VendorPath.default('POST /api/v1/external-users/authenticate'),
  chats: VendorPath.default('GET /api/v1/chats'),
  messages: VendorPath.default('GET /api/v1/chat-messages'),
  sendMessage: VendorPath.optional(),
})

const Words = z.array(z.string().min(1)).min(1)
const Field = z.string().min(1)

export const ZaiaConfig = z.strictObject({
  kind: z.literal('zaia'),
  ...settle,
  baseUrl: BaseUrl.default('https://api.endless.zaia.app'),
  /** Workspace-wide. */
  apiKey: z.string().trim().min(1),
  channelId: z.uuid(),
  /** The service user: tickets are assigned to it, and completed in its name. */
  assigneeId: z.uuid(),
  ticketingTeamId: z.uuid().nullable().default(null),
  /** The document names no statuses; these follow its times (`createdAt`, `ongoingAt`, `completedAt`). */
  statuses: z
    .strictObject({ open: Words.default(['pending', 'ongoing']), closed: Words.default(['completed']) })
    .prefault({}),
  paths: ZaiaPaths.prefault({}),
  messageFields: z
    .strictObject({ text: Field.default('content'), role: Field.default('role'), sentAt: Field.default('createdAt') })
    .prefault({}),
  playerRoles: Words.default(['user']),
  /** Roles whose words are for the player; system, tool and whatever else there is are hidden. */
  agentRoles: Words.default(['agent', 'assistant']),
})
export type ZaiaConfig = z.output<typeof ZaiaConfig>

const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

/** The answer's `accessToken` speaks for the player at Zaia, with powers nobody has written down: it is not read. */
export const ExternalUser = z.object({
  id: z.string().min(1),
  superIdentityId: z.string().min(1),
  externalId: z.string(),
  channelId: z.string(),
  blocked: z.boolean(),
})
export type ExternalUser = z.output<typeof ExternalUser>

/** Its owner is written flat, as on tickets, or as an object of its own: the reference does not show which. */
export const Chat = z
  .object({
    id: z.string().min(1),
    ownerId: z.string().nullish(),
    owner: z.object({ id: z.string() }).nullish(),
  })
  .transform(({ id, ownerId, owner }) => ({ id, ownerId: ownerId ?? owner?.id }))
  .refine((chat) => chat.ownerId !== undefined, { path: ['ownerId'] })
export const ChatList = z.array(Chat)

/** Of the two dozen fields of a ticket's details, what says whose it is and where it stands. */
export const TicketDetails = z.object({
  id: z.string().min(1),
  chatId: z.string(),
  /** The chat owner's *super identity*. */
  chatOwnerId: z.string(),
  channelId: z.string().nullable(),
  status: z.string(),
  createdAt: Time,
  ongoingAt: Time.nullable(),
  completedAt: Time.nullable(),
})
export type TicketDetails = z.output<typeof TicketDetails>
/** Each row is read by itself: one that does not fit hides none of the others. */
export const TicketRows = z.array(z.unknown())
/** As much of a row as says that it is not what is sought, be the rest as it may. */
export const TicketRowPlace = z.object({
  id: z.string().optional().catch(undefined),
  createdAt: Time.optional().catch(undefined),
})
export type TicketRowPlace = Partial<z.output<typeof TicketRowPlace>>

export const ChangedTicket = z.object({ id: z.string().min(1), status: z.string() })
export const AttachedTag = z.object({ tagId: z.string(), ticketId: z.string() })
export const SentMessage = z.object({ id: z.string().min(1) })

/**
 * A message by the names the studio has given its fields. Chat and ticket are checked where a row names them; `said` is the
 * text whatever the role, only to look for our mark in.
 */
export function messageList({ messageFields, playerRoles, agentRoles }: ZaiaConfig) {
  const shown = new Set([...playerRoles, ...agentRoles])
  const Public = z.object({ id: z.string().nullish(), role: z.string(), text: z.string().nullish(), sentAt: Time })
  const Row = z
    .looseObject({
      [messageFields.role]: z.string(),
      id: z.string().nullish().catch(undefined),
      chatId: z.string().nullish(),
      ticketId: z.string().nullish(),
    })
    .transform((row, context) => {
      const { text, role, sentAt } = messageFields
      const said = typeof row[text] === 'string' ? row[text] : undefined
      const place = { chatId: row.chatId, ticketId: row.ticketId, role: String(row[role]), id: row.id, said }
      if (!shown.has(place.role)) return { ...place, message: undefined }
      const parsed = Public.safeParse({ id: row.id, role: row[role], text: row[text], sentAt: row[sentAt] })
      for (const issue of parsed.error?.issues ?? []) context.addIssue({ code: 'custom', path: issue.path })
      return { ...place, message: parsed.data }
    })
  return z.array(Row)
}
