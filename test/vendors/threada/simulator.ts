/**
 * Threada as its page shows it: a way in, a list of open tickets, and no more. With `privateCalls` it has the calls its
 * scopes speak of, in the shapes of the published ones.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { canary, type Received, route, type SeenTicket, startSimulator, type VendorSimulator } from '../simulator.ts'

const apiKey = 'threada-key-0123456789'

/** Where a studio with Threada's own word for it might find the rest. */
export const privatePaths = {
  ticket: 'GET /api/v1/public/tickets/{ticketId}',
  messages: 'POST /api/v1/public/tickets/{ticketId}/messages',
  update: 'PATCH /api/v1/public/tickets/{ticketId}',
}

export interface ThreadaOptions {
  port?: number
  onReceived?: (request: Received) => void
  /** Off by default: nobody publishes them. The key may read then, too. */
  privateCalls?: boolean
  /** Tickets of other people that are open already. */
  strangers?: number
}

export interface ThreadaSimulator extends VendorSimulator {
  /** Puts a message of any role on a ticket. */
  say: (vendorTicketId: string, role: string, content: string) => void
  tagsOf: (vendorTicketId: string) => readonly string[]
  contactOf: (vendorTicketId: string) => { name: string; email: string }
}

const Message = z.strictObject({
  role: z.literal('user'),
  content: z.string().min(1),
  external_message_id: z.string().min(1).max(255),
})

const NewTicket = z.strictObject({
  subject: z.string().min(1),
  priority: z.literal('normal'),
  channel: z.literal('email'),
  contact: z.strictObject({ name: z.string().min(1), email: z.email() }),
  tags: z.array(z.string().min(1).max(100)).max(10),
  initial_message: Message,
})

const ListQuery = z.strictObject({
  limit: z.string().regex(/^\d+$/).transform(Number).default(25),
  page_token: z.string().min(1).optional(),
})

interface StoredMessage {
  message_id: string
  role: string
  content: string
  created_at: string
  /** Kept, never shown and not known to de-duplicate. */
  externalId: string | undefined
}

interface StoredTicket {
  id: string
  subject: string
  status: string
  contact: { name: string; email: string }
  tags: readonly string[]
  messages: StoredMessage[]
  createdAt: string
  isStrangers: boolean
}

export async function startThreadaSimulator(options: ThreadaOptions = {}): Promise<ThreadaSimulator> {
  const tickets = Array.from({ length: options.strangers ?? 2 }, strangersTicket)

  function stored(id: string | undefined): StoredTicket {
    const ticket = tickets.find((one) => one.id === id)
    if (!ticket) throw new Error(`no ticket ${id}`)
    return ticket
  }

  function ofId(id: string | undefined, answer: (ticket: StoredTicket) => { status?: number; json?: unknown }) {
    const ticket = tickets.find((one) => one.id === id)
    return ticket ? answer(ticket) : missing
  }

  const published = [
    route({
      call: 'POST /api/v1/public/tickets',
      json: NewTicket,
      answer: ({ body }) => {
        const { content, external_message_id } = body.initial_message
        const messages = [messageOf('user', content, external_message_id)]
        const ticket = ticketOf(body.subject, body.contact, body.tags, messages)
        tickets.push(ticket)
        return { status: 201, json: { ticket: detailOf(ticket) } }
      },
    }),
    route({
      call: 'GET /api/v1/public/tickets',
      query: ListQuery,
      answer: ({ query }) => {
        if (!options.privateCalls) return { status: 403, json: errorBody('forbidden', 'needs support.read', 403) }
        const open = tickets.filter(({ status }) => status === 'open').toReversed()
        const start = Number(query.page_token ?? 0)
        const items = open.slice(start, start + query.limit).map((ticket) => ({
          ...summaryOf(ticket),
          last_message_at: ticket.messages.at(-1)?.created_at,
        }))
        const end = start + query.limit
        return { json: end < open.length ? { items, next_page_token: String(end) } : { items } }
      },
    }),
  ]

  const unpublished = [
    route({
      call: 'GET /api/v1/public/tickets/:ticketId',
      answer: ({ params }) => ofId(params.ticketId, (ticket) => ({ json: { ticket: detailOf(ticket) } })),
    }),
    route({
      call: 'POST /api/v1/public/tickets/:ticketId/messages',
      json: Message,
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          const message = messageOf('user', body.content, body.external_message_id)
          ticket.messages.push(message)
          return { status: 201, json: { message: shownOf(message) } }
        }),
    }),
    route({
      call: 'PATCH /api/v1/public/tickets/:ticketId',
      json: z.strictObject({ status: z.enum(['open', 'closed']) }),
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          ticket.status = body.status
          return { json: { ticket: detailOf(ticket) } }
        }),
    }),
  ]

  const base = await startSimulator({
    routes: options.privateCalls ? [...published, ...unpublished] : published,
    lacks: (headers) => (headers['x-api-key'] === apiKey ? undefined : 'no X-Api-Key'),
    errors: {
      invalid: (why) => ({ status: 422, json: errorBody('validation', why, 422) }),
      unauthorized: { status: 401, json: errorBody('unauthorized', 'unknown key', 401) },
      missing,
      inside: errorBody('internal', 'something failed', 500),
    },
    port: options.port,
    onReceived: options.onReceived,
  })

  const say = (id: string, role: string, content: string) => {
    stored(id).messages.push(messageOf(role, content, undefined))
  }

  return {
    ...base,
    config: { kind: 'threada', baseUrl: base.url, apiKey, ...(options.privateCalls ? { paths: privatePaths } : {}) },
    calls: {
      open: 'POST /api/v1/public/tickets',
      ...(options.privateCalls ? { reply: 'POST /api/v1/public/tickets/:ticketId/messages' } : {}),
    },
    tickets: () => tickets.filter(({ isStrangers }) => !isStrangers).map(seenOf),
    say,
    tagsOf: (id) => stored(id).tags,
    contactOf: (id) => stored(id).contact,
    agentAnswers: (id, text) => say(id, 'agent', text),
    agentNotes: (id, text) => say(id, 'note', text),
    agentCloses: (id) => {
      stored(id).status = 'closed'
    },
  }
}

function ticketOf(
  subject: string,
  contact: StoredTicket['contact'],
  tags: readonly string[],
  messages: StoredMessage[],
): StoredTicket {
  const triage = messageOf('system', canary('threada-triage'), undefined)
  const createdAt = new Date().toISOString()
  return {
    id: `T-${randomUUID()}`,
    subject,
    status: 'open',
    contact,
    tags,
    messages: [...messages, triage],
    createdAt,
    isStrangers: false,
  }
}

function strangersTicket(): StoredTicket {
  const contact = { name: canary('threada-name'), email: `${canary('threada-stranger')}@players.example` }
  const messages = [messageOf('user', canary('threada-strangers-words'), undefined)]
  return { ...ticketOf(canary('threada-subject'), contact, [canary('threada-tag')], messages), isStrangers: true }
}

function messageOf(role: string, content: string, externalId: string | undefined): StoredMessage {
  return { message_id: `M-${randomUUID()}`, role, content, created_at: new Date().toISOString(), externalId }
}

function shownOf({ message_id, role, content, created_at }: StoredMessage) {
  return { message_id, role, content, channel: 'email', created_at }
}

function summaryOf({ id, subject, status, tags }: StoredTicket) {
  const tenant_id = canary('threada-tenant')
  return { ticket_id: id, tenant_id, subject, status, priority: 'normal', channel: 'email', tags }
}

function detailOf(ticket: StoredTicket) {
  return {
    summary: { ...summaryOf(ticket), created_at: ticket.createdAt },
    contact: { name: canary('threada-contact'), email: `${canary('threada-contact')}@players.example` },
    messages: ticket.messages.map(shownOf),
  }
}

function errorBody(type: string, message: string, code: number) {
  return { error: { type, message: `${message} ${canary('threada-error')}`, code } }
}

const missing = { status: 404, json: errorBody('not_found', 'no such ticket', 404) }

function seenOf(ticket: StoredTicket): SeenTicket {
  return {
    vendorTicketId: ticket.id,
    closed: ticket.status === 'closed',
    lines: [
      `subject: ${ticket.subject}`,
      `contact: ${ticket.contact.name} <${ticket.contact.email}>`,
      ...ticket.tags.map((tag) => `tag: ${tag}`),
      ...ticket.messages.flatMap(({ content }) => content.split('\n')),
    ],
    files: [],
  }
}
