/** Thena as its document and reference show it: one team, its tickets and comments, and other people's among them. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  type AgentFile,
  canary,
  type Received,
  route,
  type SeenTicket,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import {
  CommentsQuery,
  commentBody,
  enveloped,
  NewComment,
  NewTicket,
  SearchQuery,
  type StoredComment,
  type StoredTicket,
  statuses,
  TicketChange,
  ticketBody,
} from './shapes.ts'

const apiKey = 'thena-app-key-0123456789'
const teamId = 'T-PLAYERS'

export interface ThenaOptions {
  port?: number
  onReceived?: (request: Received) => void
  /** What Thena does with a `deDuplicationKey` it has seen: nobody says. Default: answers the first again. */
  repeats?: 'same' | 'refuse'
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

export async function startThenaSimulator(options: ThenaOptions = {}): Promise<ThenaSimulator> {
  const tickets: StoredTicket[] = [strangers('Their own trouble'), strangers('Another trouble')]
  const repeatsRefused = { status: 409, json: errorBody('Duplicate deDuplicationKey') }

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
        if (earlier && options.repeats === 'refuse') return repeatsRefused
        const ticket = earlier || newTicket(body, tickets.length + 1)
        if (!earlier) tickets.push(ticket)
        const [first] = ticket.comments
        return { status: 201, json: enveloped({ ...ticketBody(ticket), comment: first ? commentBody(first) : null }) }
      },
    }),
    route({ call: 'GET /v1/tickets/status', query: teamQuery, answer: () => ({ json: enveloped(statuses) }) }),
    route({
      call: 'GET /v1/tickets/:id',
      answer: ({ params }) => {
        const ticket = ofId(params.id)
        if (!ticket || options.withoutTicketCall) return { status: 404, json: errorBody('Not found') }
        return { json: enveloped(ticketBody(ticket)) }
      },
    }),
    route({
      call: 'PATCH /v1/tickets/:id',
      json: TicketChange,
      answer: ({ params, body }) => {
        const ticket = ofId(params.id)
        if (!ticket) return { status: 404, json: errorBody('Not found') }
        const isParent = statuses.some(({ parentStatusId }) => parentStatusId === body.statusId)
        const isKnown = statuses.some(({ id }) => id === body.statusId)
        if (!body.statusId || !isKnown || isParent) return { status: 400, json: errorBody('Invalid status') }
        setStatus(ticket.id, body.statusId)
        return { json: enveloped(ticketBody(ticket)) }
      },
    }),
    route({
      call: 'POST /v1/tickets/:id/comment',
      json: NewComment,
      answer: ({ params, body }) => {
        const ticket = ofId(params.id)
        if (!ticket) return { status: 404, json: errorBody('Not found') }
        const isContact = tickets.some(({ requestorEmail }) => requestorEmail === body.customerEmail)
        if (body.customerEmail && !isContact) return { status: 400, json: errorBody('No such contact') }
        const key = body.deDuplicationKey
        const earlier = ticket.comments.find((one) => key !== undefined && keys.get(one.id) === key)
        if (earlier && options.repeats === 'refuse') return repeatsRefused
        const comment = earlier ?? commentFrom({ ...body, customerContactEmail: body.customerEmail ?? null })
        if (!earlier) ticket.comments.push(comment)
        if (key) keys.set(comment.id, key)
        return { status: 201, json: enveloped(commentBody(comment)) }
      },
    }),
    route({
      call: 'GET /v1/comments',
      query: CommentsQuery,
      answer: ({ query }) => {
        const size = Math.min(query.limit, maxPage)
        const page = ofId(query.entityId)?.comments.slice(query.page * size, (query.page + 1) * size) ?? []
        return { json: enveloped(page.map(commentBody)) }
      },
    }),
    route({
      call: 'GET /v1/search/tickets',
      query: SearchQuery,
      answer: ({ query }) => {
        const [, email, id] = /^requestorEmail:=(\S+?)(?: && id:=(\S+))?$/.exec(query.filter_by ?? '') ?? []
        const found = options.searchLags ? [] : tickets.filter((one) => one.requestorEmail === email)
        const exact = found.filter((one) => id === undefined || one.id === id).toReversed()
        const start = (query.page - 1) * query.per_page
        // An index is not to be trusted with whose a ticket is: it brings a stranger's along.
        const page = [...exact.slice(start, start + query.per_page), ...tickets.slice(0, 1)]
        const hits = page.map((ticket) => ({ document: documentOf(ticket) }))
        return { json: { result: { facet_counts: [], found: exact.length, hits, page: query.page } } }
      },
    }),
  ]
  const keys = new Map<string, string>()

  const base = await startSimulator({
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
    ticket.closedAt = (status?.parentStatusId ?? status?.id) === 'st-closed' ? new Date().toISOString() : null
  }

  function comment(id: string, given: Partial<StoredComment>): void {
    stored(id).comments.push(commentFrom(given))
  }

  return {
    ...base,
    config: { kind: 'thena', baseUrl: base.url, apiKey, teamId },
    calls: { open: 'POST /v1/tickets', reply: 'POST /v1/tickets/:id/comment' },
    strangersTicket: tickets[0]?.id ?? '',
    tickets: () => tickets.slice(2).map(seenOf),
    comment,
    setStatus,
    agentAnswers: (id, content, file?: AgentFile) => comment(id, { content, attachments: file ? [randomUUID()] : [] }),
    agentNotes: (id, content) => {
      comment(id, { content, commentVisibility: 'private', commentType: 'note' })
      comment(id, { content, threadName: 'Billing, internally' })
    },
    agentCloses: (id) => setStatus(id, 'st-solved'),
    hookOf: (id) => JSON.stringify(eventBody(stored(id), 'ticket:comment:created')),
    eventOf: (id, eventType) => JSON.stringify(eventBody(stored(id), eventType)),
  }
}

function newTicket(body: z.output<typeof NewTicket>, serial: number): StoredTicket {
  const now = new Date().toISOString()
  const first = { content: body.commentContent ?? '', metadata: body.commentMetadata ?? {} }
  return {
    id: idOf('TCK'),
    serial,
    title: body.title,
    description: body.description ?? '',
    requestorEmail: body.requestorEmail,
    teamId: body.teamId,
    statusId: body.statusId ?? 'st-new',
    metadata: body.metadata ?? {},
    attachmentUrls: body.attachmentUrls ?? [],
    deDuplicationKey: body.deDuplicationKey,
    comments: [
      ...(body.commentContent ? [commentFrom({ ...first, customerContactEmail: body.requestorEmail })] : []),
      commentFrom({ content: canary('thena-triage-note'), commentVisibility: 'private', commentType: 'note' }),
    ],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    deletedAt: null,
  }
}

function strangers(title: string): StoredTicket {
  const requestorEmail = `${canary('thena-stranger')}@players.example`
  const commentContent = canary('thena-strangers-words')
  return newTicket({ title: `${title} ${canary('thena-title')}`, requestorEmail, teamId, commentContent }, 1)
}

type GivenComment = { [Name in keyof StoredComment]?: StoredComment[Name] | undefined }

function commentFrom(given: GivenComment): StoredComment {
  return {
    id: given.id ?? idOf('CMT'),
    content: given.content ?? '',
    commentVisibility: given.commentVisibility ?? 'public',
    commentType: given.commentType ?? 'comment',
    threadName: given.threadName ?? null,
    customerContactEmail: given.customerContactEmail ?? null,
    metadata: given.metadata ?? {},
    attachments: given.attachments ?? [],
    deletedAt: given.deletedAt ?? null,
    createdAt: given.createdAt ?? new Date().toISOString(),
  }
}

/** The index keeps metadata as a string. */
function documentOf(ticket: StoredTicket) {
  return { ...ticketBody(ticket), metadata: JSON.stringify(ticket.metadata) }
}

function eventBody(ticket: StoredTicket, eventType: string) {
  return {
    eventId: randomUUID(),
    eventType,
    timestamp: new Date().toISOString(),
    orgId: canary('thena-org'),
    actor: { id: canary('thena-actor'), type: 'AGENT', email: `${canary('thena-actor')}@studio.example` },
    payload: { ticket: { ...ticketBody(ticket), lastComment: canary('thena-event') } },
    metadata: {},
  }
}

function errorBody(message: string) {
  return { status: false, message, timestamp: new Date().toISOString(), detail: canary('thena-error') }
}

function seenOf(ticket: StoredTicket): SeenTicket {
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

let made = 0

function idOf(kind: string): string {
  made += 1
  return `${kind}${String(made).padStart(6, '0')}${randomUUID().replaceAll('-', '').toUpperCase().slice(0, 12)}`
}
