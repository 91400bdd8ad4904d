/** Thena as its document and reference show it: one team, its tickets and comments, and other people's among them. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Naming, namesOf, withTold } from '../inventions.ts'
import {
  type AgentFile,
  canary,
  type Received,
  route,
  type SeenTicket,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import { createWorld } from '../world.ts'
import { createRows } from './rows.ts'
import {
  CommentsQuery,
  commentBody,
  enveloped,
  inventions,
  NewComment,
  NewTicket,
  SearchQuery,
  type Statuses,
  type StoredComment,
  type StoredTicket,
  statusesOf,
  TicketChange,
  ticketBody,
  toldOf,
} from './shapes.ts'

const apiKey = 'thena-app-key-0123456789'
const teamId = 'T-PLAYERS'

export interface ThenaOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  realTime?: boolean
  /**
   * What Thena does with a `deDuplicationKey` it has seen: nobody says. It may answer the first again, refuse with a 409,
   * or say so under a 200 whose `status` is false. Default: the first again.
   */
  repeats?: 'same' | 'refuse' | 'disguise'
  /** The search does not yet know what was written. */
  searchLags?: boolean
  /** There is no call to read one ticket by its id. */
  withoutTicketCall?: boolean
}

export interface ThenaSimulator extends VendorSimulator {
  /** A ticket of another requester; its id is not a secret there. */
  strangersTicket: string
  /** Puts a comment of any kind on a ticket. */
  comment: (vendorTicketId: string, comment: Partial<StoredComment>) => void
  setStatus: (vendorTicketId: string, statusId: string) => void
  /** The last event of a ticket, as Thena would post it. */
  eventOf: (vendorTicketId: string, eventType: string) => string
}

const teamQuery = z.strictObject({ teamId: z.literal(teamId).optional() })

/** Thena caps the size of a page, and does not say at what. */
const maxPage = 20
/** "limit=10" */
const defaultPage = 10

export async function startThenaSimulator(options: ThenaOptions = {}): Promise<ThenaSimulator> {
  const { told = true, repeats = 'same' } = options
  const [names, usual] = [namesOf(inventions, options.names), namesOf(inventions)]
  const world = createWorld({ realTime: options.realTime })
  const statuses = statusesOf(names)
  const { newTicket, strangers, commentFrom } = createRows(world, teamId)
  const tickets: StoredTicket[] = [strangers('Their own trouble'), strangers('Another trouble')]
  const repeatsRefused = { status: repeats === 'refuse' ? 409 : 200, json: errorBody('Duplicate deDuplicationKey') }

  function ofId(id: string | undefined): StoredTicket | undefined {
    return tickets.find((ticket) => ticket.id === id && ticket.teamId === teamId)
  }

  function stored(id: string): StoredTicket {
    const ticket = ofId(id)
    if (!ticket) throw new Error(`no ticket ${id}`)
    return ticket
  }

  const routes = [
    route({
      call: 'POST /v1/tickets',
      json: NewTicket,
      answer: ({ body }) => {
        if (body.teamId !== teamId) return { status: 400, json: errorBody('Team not found') }
        const earlier = body.deDuplicationKey && tickets.find((one) => one.deDuplicationKey === body.deDuplicationKey)
        if (earlier && repeats !== 'same') return repeatsRefused
        const ticket = earlier || newTicket(body, tickets.length + 1)
        if (!earlier) tickets.push(ticket)
        const [first] = ticket.comments
        return {
          status: 201,
          json: enveloped({ ...ticketBody(ticket, statuses), comment: first ? commentBody(first) : null }),
        }
      },
    }),
    route({ call: names.statuses, query: teamQuery, answer: () => ({ json: enveloped(statuses) }) }),
    route({
      call: names.ticket,
      answer: ({ params }) => {
        const ticket = ofId(params.id)
        if (!ticket || options.withoutTicketCall || !world.isShown('read', ticket))
          return { status: 404, json: errorBody('Not found') }
        return { json: enveloped(ticketBody(ticket, statuses)) }
      },
    }),
    route({
      call: names.update,
      json: TicketChange,
      answer: ({ params, body }) => {
        const ticket = ofId(params.id)
        if (!ticket) return { status: 404, json: errorBody('Not found') }
        const isParent = statuses.some(({ parentStatusId }) => parentStatusId === body.statusId)
        const isKnown = statuses.some(({ id }) => id === body.statusId)
        if (!body.statusId || !isKnown || isParent) return { status: 400, json: errorBody('Invalid status') }
        setStatus(ticket.id, body.statusId)
        return { json: enveloped(ticketBody(ticket, statuses)) }
      },
    }),
    route({
      call: names.comment,
      json: NewComment,
      answer: ({ params, body }) => {
        const ticket = ofId(params.id)
        if (!ticket) return { status: 404, json: errorBody('Not found') }
        const isContact = tickets.some(({ requestorEmail }) => requestorEmail === body.customerEmail)
        if (body.customerEmail && !isContact) return { status: 400, json: errorBody('No such contact') }
        const key = body.deDuplicationKey
        const earlier = ticket.comments.find((one) => key !== undefined && keys.get(one.id) === key)
        if (earlier && repeats !== 'same') return repeatsRefused
        const comment = earlier ?? commentFrom({ ...body, customerContactEmail: body.customerEmail ?? null })
        if (!earlier) addComment(ticket, comment)
        if (key) keys.set(comment.id, key)
        return { status: 201, json: enveloped(commentBody(comment)) }
      },
    }),
    route({
      call: names.comments,
      query: CommentsQuery,
      answer: ({ query }) => {
        const size = world.pageSize(Math.min(query.limit, maxPage), defaultPage)
        const comments = world.listed('read', ofId(query.entityId)?.comments ?? [], 'oldest')
        return { json: enveloped(comments.slice(query.page * size, (query.page + 1) * size).map(commentBody)) }
      },
    }),
    route({
      call: names.search,
      query: SearchQuery,
      answer: ({ query }) => {
        const [, email, id] = /^requestorEmail:=(\S+?)(?: && id:=(\S+))?$/.exec(query.filter_by ?? '') ?? []
        // Without a filter it is all that the key sees.
        const isFound = (one: StoredTicket) => query.filter_by === undefined || one.requestorEmail === email
        const found = options.searchLags ? [] : tickets.filter(isFound)
        const wanted = found.filter((one) => (id === undefined || one.id === id) && world.isShown('search', one))
        const exact = query.sort_by === 'createdAt:asc' ? wanted : wanted.toReversed()
        const start = (query.page - 1) * query.per_page
        // An index is not to be trusted with whose a ticket is: it brings a stranger's along.
        const page = [...exact.slice(start, start + query.per_page), ...tickets.slice(0, 1)]
        const hits = page.map((ticket) => ({ document: documentOf(ticket, statuses) }))
        return { json: { result: { facet_counts: [], found: exact.length, hits, page: query.page } } }
      },
    }),
  ]
  const keys = new Map<string, string>()

  const base = await startSimulator({
    world,
    routes,
    lacks: (headers) => (headers['x-api-key'] === apiKey ? undefined : 'no x-api-key'),
    errors: {
      invalid: (why) => ({ status: 400, json: errorBody(why) }),
      unauthorized: { status: 401, json: errorBody('Invalid API key') },
      missing: { status: 404, json: errorBody('Cannot find that') },
      inside: { status: false, message: 'Something failed', timestamp: new Date().toISOString(), data: null },
    },
    port: options.port,
    onReceived: options.onReceived,
  })

  function setStatus(id: string, statusId: string): void {
    const ticket = stored(id)
    const status = statuses.find((one) => one.id === statusId)
    ticket.statusId = statusId
    ticket.updatedAt = world.now().toISOString()
    ticket.closedAt = (status?.parentStatusId ?? status?.id) === 'st-closed' ? world.now().toISOString() : null
  }

  function comment(id: string, given: Partial<StoredComment>): void {
    addComment(stored(id), commentFrom(given))
  }

  function addComment(ticket: StoredTicket, comment: StoredComment): void {
    ticket.comments.push(comment)
    if (names.touchedBy === 'comments') ticket.updatedAt = world.now().toISOString()
  }

  return {
    ...base,
    config: withTold({ kind: 'thena', baseUrl: base.url, apiKey, teamId }, toldOf(told ? names : usual), toldOf(usual)),
    calls: { open: 'POST /v1/tickets', reply: names.comment, lists: [names.search], messages: names.comments },
    strangersTicket: tickets[0]?.id ?? '',
    tickets: () => tickets.slice(2).map((ticket) => seenOf(ticket, statuses)),
    comment,
    setStatus,
    seed: ({ pseudonym }, message) => {
      const requestorEmail = `${pseudonym}@players.medkit.invalid`
      const ticket = newTicket({ title: message, requestorEmail, teamId, commentContent: message }, tickets.length + 1)
      tickets.push(ticket)
      return ticket.id
    },
    agentAnswers: (id, content, file?: AgentFile) => comment(id, { content, attachments: file ? [randomUUID()] : [] }),
    agentNotes: (id, content) => {
      comment(id, { content, commentVisibility: 'private', commentType: names.noteType })
      comment(id, { content, threadName: 'Billing, internally' })
    },
    agentCloses: (id) => setStatus(id, 'st-solved'),
    hookOf: (id) => JSON.stringify(eventBody(stored(id), names.commentEvent, statuses)),
    eventOf: (id, eventType) => JSON.stringify(eventBody(stored(id), eventType, statuses)),
  }
}

/** The index keeps metadata as a string. */
function documentOf(ticket: StoredTicket, statuses: Statuses) {
  return { ...ticketBody(ticket, statuses), metadata: JSON.stringify(ticket.metadata) }
}

function eventBody(ticket: StoredTicket, eventType: string, statuses: Statuses) {
  return {
    eventId: randomUUID(),
    eventType,
    timestamp: new Date().toISOString(),
    orgId: canary('thena-org'),
    actor: { id: canary('thena-actor'), type: 'AGENT', email: `${canary('thena-actor')}@studio.example` },
    payload: { ticket: { ...ticketBody(ticket, statuses), lastComment: canary('thena-event') } },
    metadata: {},
  }
}

function errorBody(message: string) {
  return { status: false, message, timestamp: new Date().toISOString(), detail: canary('thena-error') }
}

function seenOf(ticket: StoredTicket, statuses: Statuses): SeenTicket {
  const status = statuses.find(({ id }) => id === ticket.statusId)
  return {
    vendorTicketId: ticket.id,
    closed: (status?.parentStatusId ?? status?.id) === 'st-closed',
    // Seldom looked at, and asked of hundreds of tickets at a time.
    get lines() {
      return [
        `title: ${ticket.title}`,
        ...ticket.comments.flatMap(({ content }) => content.split('\n')),
        ...ticket.description.split('\n'),
        ...labelled('metadata', ticket.metadata),
        ...ticket.comments.flatMap((comment) => labelled('comment metadata', comment.metadata)),
        ...ticket.attachmentUrls.map((url) => `attachment: ${url}`),
      ]
    },
    files: [],
  }
}

/** `metadata.claimed.device: "Pixel 8"`: a value stays on its line, as in any table of fields. */
function labelled(label: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [`${label}: ${JSON.stringify(value)}`]
  return Object.entries(value).flatMap(([name, inner]) => labelled(`${label}.${name}`, inner))
}
