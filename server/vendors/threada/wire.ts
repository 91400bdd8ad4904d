/** Threada on the wire: its part of the configuration, and the little the relay reads of its answers. */
import { z } from 'zod'
import { askingOf, limitedByDocument } from '../call-budget.ts'
import { BaseUrl, VendorPath } from '../http/address.ts'
import { settle } from '../settle.ts'

/**
 * Threada publishes three calls: list, create, run an action. Its scopes speak of more, so a studio with Threada's own
 * word for them may name the rest here. Each is off until named.
 */
const ThreadaPaths = z.strictObject({
  /** One ticket with its messages, in the shape the create call answers. Needs the scope `support.read`. */
  ticket: pathWith(['GET']).optional(),
  /** Appends a message; the body is the create call's `initial_message`. */
  messages: pathWith(['POST', 'PUT', 'PATCH']).optional(),
  /** Changes a ticket; the body is `{"status": "closed"}` or `{"status": "open"}`, by the words of `statuses`. */
  update: pathWith(['POST', 'PUT', 'PATCH']).optional(),
})

const Words = z.array(z.string().min(1)).min(1)

/**
 * `open` is the one status that the document shows. A ticket in any of `closed` has ended; the first of each list is what
 * `paths.update` is sent.
 */
const Statuses = z.strictObject({
  open: Words.default(['open']),
  closed: Words.default(['closed', 'resolved', 'solved']),
})

/** The scope `support.actions` is never needed: its `custom_http` makes the vendor call any address. Do not grant it. */
export const ThreadaConfig = z
  .strictObject({
    kind: z.literal('threada'),
    ...settle,
    ...askingOf(limitedByDocument),
    baseUrl: BaseUrl.default('https://api.threada.ai'),
    apiKey: z.string().min(1),
    /** Whether the key has the scope `support.read`, without which a message whose answer was lost is sent once more, marked. */
    supportRead: z.boolean().default(true),
    statuses: Statuses.prefault({}),
    paths: ThreadaPaths.prefault({}),
    agentRoles: z
      .array(
        z
          .string()
          .min(1)
          .refine((role) => role !== playerRole, { error: 'is the role of players' }),
      )
      .default(['agent', 'assistant']),
  })
  .refine(({ supportRead, paths }) => supportRead || paths.ticket === undefined, {
    path: ['paths', 'ticket'],
    error: 'needs the scope support.read',
  })
export type ThreadaConfig = z.output<typeof ThreadaConfig>

/** What the relay writes as, always: any other role would put the player's words in the studio's mouth. */
export const playerRole = 'user'

export const ticketsPath = '/api/v1/public/tickets'

const Id = z.string().min(1)

const Summary = z.object({
  ticket_id: Id,
  status: z.string(),
  last_message_at: z.string().nullish().catch(undefined),
})

export const ThreadaMessage = z.object({
  message_id: Id.nullish(),
  role: z.string(),
  content: z.string(),
  created_at: z.string(),
  external_message_id: z.string().nullish(),
})
export type ThreadaMessage = z.output<typeof ThreadaMessage>

/** What creating answers. Its echo of the ticket is not looked at: the id says that it exists. */
export const CreatedTicket = z.object({
  ticket: z.object({ summary: z.object({ ticket_id: Id }) }),
})

export const ReadTicket = z.object({ ticket: z.object({ summary: Summary, messages: z.array(z.unknown()) }) })
export type ReadTicket = z.output<typeof ReadTicket>

/** Open tickets of the whole tenant. Only ids, tags and times are read. */
export const TicketPage = z.object({ items: z.array(z.unknown()), next_page_token: z.string().nullish() })
export type TicketPage = z.output<typeof TicketPage>
export const TicketRow = z.object({ ticket_id: Id, tags: z.array(z.string()) })
/** As much of a row as moves with its ticket. */
export const ListedRow = z.object({
  ticket_id: Id,
  status: z.string(),
  last_message_at: z.string().nullish().catch(undefined),
})
/** As much of a row as says that it is not what is sought, be the rest as it may. */
export const TicketRowPlace = z.object({
  ticket_id: Id.optional().catch(undefined),
  last_message_at: z.string().optional().catch(undefined),
})

/** Nobody publishes what appending or updating answers, so nothing is asked of it but that it is no error in disguise. */
export const AnyAnswer = z.unknown().refine((answer) => !Disguised.safeParse(answer).success, { error: 'is an error' })
const Disguised = z.object({ error: z.object({ code: z.unknown() }) })

export const AppendedMessage = z.object({ message: z.object({ message_id: Id }) })

/** A path for one ticket, so that a forgotten `{ticketId}` cannot turn one player's close into everybody's. */
function pathWith(methods: readonly string[]) {
  return VendorPath.refine((path) => methods.some((method) => path.startsWith(`${method} `)), {
    error: `must begin with ${methods.join(' or ')}`,
  }).refine((path) => path.split('{ticketId}').length === 2, { error: 'must hold {ticketId} once' })
}
