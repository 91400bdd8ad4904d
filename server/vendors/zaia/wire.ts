/** What we configure for Zaia, and what we read of its answers. Fields not named here never get in. */
import { z } from 'zod'
import { askingOf, unlimitedByDocument } from '../call-budget.ts'
import { BaseUrl, VendorPath } from '../http/address.ts'
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
  ...askingOf(unlimitedByDocument),
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
const Chat = z
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
/** As much of a row as moves with its ticket. */
export const ListedRow = z.object({
  id: z.string().min(1),
  status: z.string(),
  ongoingAt: z.string().nullish().catch(undefined),
  completedAt: z.string().nullish().catch(undefined),
  pendingChatMessages: z.number().nullish().catch(undefined),
})
/** As much of a row as says that it is not what is sought, be the rest as it may. */
export const TicketRowPlace = z.object({
  id: z.string().optional().catch(undefined),
  createdAt: Time.optional().catch(undefined),
})
export type TicketRowPlace = Partial<z.output<typeof TicketRowPlace>>

/** A message for the player's eyes. */
const PublicMessage = z.object({ id: z.string().nullish(), role: z.string(), text: z.string().nullish(), sentAt: Time })
export type PublicMessage = z.output<typeof PublicMessage>

export const ChangedTicket = z.object({ id: z.string().min(1), status: z.string() })
export const AttachedTag = z.object({ tagId: z.string(), ticketId: z.string() })
export const SentMessage = z.object({ id: z.string().min(1) })

/** Each row is read by itself, by {@link messageReader}. */
export const MessageRows = z.array(z.unknown())
const MessagePlace = z.object({ chatId: z.string().nullish(), ticketId: z.string().nullish() })

/** A row of messages, as far as it can be read. */
export interface MessageRow extends Partial<z.output<typeof MessagePlace>> {
  id: string | undefined
  role: string | undefined
  /** The text whatever the role, only to look for our mark in. */
  said: string | undefined
  /** For the player's eyes. Absent where the role is another. */
  message: PublicMessage | undefined
  fits: boolean
}

/** Reads messages by the names the studio has given their fields. Chat and ticket are checked where a row names them. */
export function messageReader({ messageFields, playerRoles, agentRoles }: ZaiaConfig): (row: unknown) => MessageRow {
  const { text, role, sentAt } = messageFields
  const shown = new Set([...playerRoles, ...agentRoles])
  return (row) => {
    const fields: Record<string, unknown> = z.looseObject({}).safeParse(row).data ?? {}
    const textOf = (name: string) => z.string().safeParse(fields[name]).data
    const place = MessagePlace.safeParse(fields).data
    const known = { ...place, id: textOf('id'), role: textOf(role), said: textOf(text) }
    if (!place || known.role === undefined) return { ...known, message: undefined, fits: false }
    if (!shown.has(known.role)) return { ...known, message: undefined, fits: true }
    const message = PublicMessage.safeParse({ ...fields, role: known.role, text: fields[text], sentAt: fields[sentAt] })
    return { ...known, message: message.data, fits: message.success }
  }
}
