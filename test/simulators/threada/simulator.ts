/**
 * Threada as its page shows it: a way in, a list of open tickets, and no more. With `privateCalls` it has the calls its
 * scopes speak of, in the shapes of the published ones.
 */
import { z } from 'zod'
import { type Naming, namesOf, withTold } from '../inventions.ts'
import { canary, type Received, route, startSimulator, type VendorSimulator } from '../simulator.ts'
import { createWorld } from '../world.ts'
import { createRows, inventions, privatePaths, type StoredTicket, seenOf, summaryOf, toldOf } from './state.ts'

const apiKey = 'threada-key-0123456789'

export interface ThreadaOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  realTime?: boolean
  /** Off by default: nobody publishes them. */
  privateCalls?: boolean
  /** Tickets of other people that are open already. */
  strangers?: number
  /** The key lacks `support.read`, which the document's own list needs. */
  writesOnly?: boolean
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

export async function startThreadaSimulator(options: ThreadaOptions = {}): Promise<ThreadaSimulator> {
  const { privateCalls = false, told = true } = options
  const [names, usual] = [namesOf(inventions, options.names), namesOf(inventions)]
  const world = createWorld({ realTime: options.realTime })
  const vendor = createRows(world, names)
  const tickets = Array.from({ length: options.strangers ?? 2 }, vendor.strangersTicket)

  function stored(id: string | undefined): StoredTicket {
    const ticket = tickets.find((one) => one.id === id)
    if (!ticket) throw new Error(`no ticket ${id}`)
    return ticket
  }

  function ofId(id: string | undefined, answer: (ticket: StoredTicket) => { status?: number; json?: unknown }) {
    const ticket = tickets.find((one) => one.id === id)
    return ticket ? answer(ticket) : missing
  }

  /** Only for who reads: a ticket that does not show yet can be written to all the same. */
  function ofShown(id: string | undefined, answer: (ticket: StoredTicket) => { status?: number; json?: unknown }) {
    return ofId(id, (ticket) => (world.isShown('read', ticket) ? answer(ticket) : missing))
  }

  const published = [
    route({
      call: 'POST /api/v1/public/tickets',
      json: NewTicket,
      answer: ({ body }) => {
        const { content, external_message_id } = body.initial_message
        const messages = [vendor.messageOf('user', content, external_message_id)]
        const ticket = vendor.ticketOf(body.subject, body.contact, body.tags, messages)
        tickets.push(ticket)
        return { status: 201, json: { ticket: vendor.detailOf(ticket) } }
      },
    }),
    route({
      call: 'GET /api/v1/public/tickets',
      query: ListQuery,
      answer: ({ query }) => {
        if (options.writesOnly) return { status: 403, json: errorBody('forbidden', 'needs support.read', 403) }
        const isOpen = ({ status }: StoredTicket) => status === 'open'
        const open = world.listed('list', tickets.filter(isOpen), 'newest')
        const start = Number(query.page_token ?? 0)
        const end = start + world.pageSize(query.limit)
        const items = open.slice(start, end).map((ticket) => ({
          ...summaryOf(ticket),
          last_message_at: ticket.messages.at(-1)?.created_at,
        }))
        return { json: end < open.length ? { items, next_page_token: String(end) } : { items } }
      },
    }),
  ]

  const unpublished = [
    route({
      call: names.ticket,
      answer: ({ params }) =>
        ofShown(params.ticketId, (ticket) => ({ json: { ticket: vendor.shownDetailOf(ticket) } })),
    }),
    route({
      call: names.messages,
      json: Message,
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          const message = vendor.messageOf('user', body.content, body.external_message_id)
          ticket.messages.push(message)
          if (names.replied === 'opens') ticket.status = 'open'
          return { status: 201, json: { message: vendor.shownOf(message) } }
        }),
    }),
    route({
      call: names.update,
      json: z.strictObject({ status: z.enum(['open', 'closed']) }),
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          ticket.status = body.status === 'closed' ? names.closed : 'open'
          return { json: { ticket: vendor.detailOf(ticket) } }
        }),
    }),
  ]

  const base = await startSimulator({
    world,
    routes: privateCalls ? [...published, ...unpublished] : published,
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
    stored(id).messages.push(vendor.messageOf(role, content, undefined))
  }

  return {
    ...base,
    config: withTold(
      { kind: 'threada', baseUrl: base.url, apiKey, ...(privateCalls ? { paths: privatePaths } : {}) },
      toldOf(told ? names : usual, privateCalls),
      toldOf(usual, privateCalls),
    ),
    calls: {
      open: 'POST /api/v1/public/tickets',
      lists: ['GET /api/v1/public/tickets'],
      ...(privateCalls ? { reply: names.messages, messages: names.ticket } : {}),
    },
    tickets: () => tickets.filter(({ isStrangers }) => !isStrangers).map((ticket) => seenOf(ticket, names)),
    say,
    seed: ({ id }, message) => {
      const contact = { name: id, email: `${id}@players.example` }
      const ticket = vendor.ticketOf(message, contact, [], [vendor.messageOf('user', message, undefined)])
      tickets.push(ticket)
      return ticket.id
    },
    tagsOf: (id) => stored(id).tags,
    contactOf: (id) => stored(id).contact,
    agentAnswers: (id, text) => say(id, names.agentRole, text),
    agentNotes: (id, text) => say(id, names.noteRole, text),
    agentCloses: (id) => {
      stored(id).status = names.closed
    },
  }
}

function errorBody(type: string, message: string, code: number) {
  return { error: { type, message: `${message} ${canary('threada-error')}`, code } }
}

const missing = { status: 404, json: errorBody('not_found', 'no such ticket', 404) }
