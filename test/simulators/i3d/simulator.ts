/** i3D.net as its document shows it: one account for everybody, sequential ids, an array around every answer. */
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
import {
  addresses,
  category,
  department,
  errorBody,
  inventions,
  metaOf,
  missing,
  NewReply,
  NewTicket,
  rangePattern,
  refused,
  type StoredFile,
  type StoredReply,
  type StoredTicket,
  replyOf as shownReplyOf,
  toldOf,
} from './shapes.ts'

/** "default range: RANGED-DATA:start=0,results=25" */
const defaultResults = 25
const token = 'i3d-private-token-0123456789'

export interface I3dOptions extends Naming {
  port?: number
  onReceived?: (request: Received) => void
  realTime?: boolean
  /** Tickets of other people, all of them open and older. */
  strangers?: number
  categories?: readonly string[]
  /**
   * `array`, as i3D.net says of every answer; `bare`, as the document draws single things; `silent`, which the document
   * says of opening and closing.
   */
  answers?: 'array' | 'bare' | 'silent'
}

export interface I3dSimulator extends VendorSimulator {
  /** Puts a reply of any kind on a ticket. */
  reply: (vendorTicketId: string, reply: Partial<StoredReply>) => void
  /** From then on it cannot be opened again. */
  forceClose: (vendorTicketId: string) => void
  /** Files that were uploaded and are on no ticket. */
  orphans: () => readonly number[]
  /** A file on somebody else's ticket. */
  strangersFile: number
}

export async function startI3dSimulator(options: I3dOptions = {}): Promise<I3dSimulator> {
  const { told = true } = options
  const [names, usual] = [namesOf(inventions, options.names), namesOf(inventions)]
  const world = createWorld({ realTime: options.realTime })
  const seconds = () => Math.floor(world.now().getTime() / 1000)
  let lastId = 70_000
  const files: StoredFile[] = []
  const tickets: StoredTicket[] = []
  const categories = options.categories ?? ['Billing', category, 'Network']
  const wrapped = (one: unknown) => ({ json: options.answers === 'bare' ? one : [one] })

  const nextId = () => {
    lastId += 1
    return lastId
  }

  function store(title: string, content: string, isStrangers: boolean): StoredTicket {
    const now = seconds()
    const ticket = world.took<StoredTicket>({
      id: nextId(),
      title,
      content,
      status: names.open,
      createdAt: now,
      updatedAt: now,
      replies: [],
      isStrangers,
    })
    ticket.replies.push(replyOf({ content, staff: false }), replyOf({ content: canary('i3d-system'), staff: null }))
    tickets.push(ticket)
    return ticket
  }

  function replyOf(given: Partial<StoredReply>): StoredReply {
    const defaults = { id: nextId(), title: 'Re:', content: '', createdAt: seconds(), staff: null, attachmentIds: [] }
    return world.took({ ...defaults, ...given })
  }

  function addReply(ticket: StoredTicket, given: Partial<StoredReply>): void {
    ticket.replies.push(replyOf(given))
    if (names.touchedBy === 'replies') ticket.updatedAt = seconds()
  }

  function keep(file: AgentFile, ticketId?: number): number {
    const id = nextId()
    files.push({ ...file, id, ticketId })
    return id
  }

  /** Whether every id is of an upload that is still free. */
  function areFree(ids: readonly number[] = []): boolean {
    return ids.every((id) => files.some((file) => file.id === id && file.ticketId === undefined))
  }

  function attach(ticket: StoredTicket, ids: readonly number[] = []): void {
    for (const file of files) if (ids.includes(file.id)) file.ticketId = ticket.id
  }

  function stored(id: string): StoredTicket {
    const ticket = tickets.find((one) => String(one.id) === id)
    if (!ticket) throw new Error(`no ticket ${id}`)
    return ticket
  }

  function ofId(id: string | undefined, answer: (ticket: StoredTicket) => { status?: number; json?: unknown }) {
    const ticket = tickets.find((one) => String(one.id) === id)
    return ticket ? answer(ticket) : missing
  }

  function list(headers: Record<string, string>, wanted: (ticket: StoredTicket) => boolean) {
    const [, start = '0', results = '25'] = rangePattern.exec(headers['ranged-data'] ?? '') ?? []
    const found = world.listed('list', tickets.filter(wanted), 'newest')
    const end = Number(start) + world.pageSize(Math.min(Number(results), 25), defaultResults)
    if (Number(start) >= found.length && names.pastEnd === 'a refusal') return refused('start is past the end')
    return { json: found.slice(Number(start), end).map(metaOf) }
  }

  function setStatus(ticket: StoredTicket, status: string) {
    if (ticket.status === names.forceClosed) return refused('The ticket is force-closed')
    ticket.status = status
    ticket.updatedAt = seconds()
    return options.answers === 'silent' ? {} : wrapped(metaOf(ticket))
  }

  function contentsOf(ticket: StoredTicket) {
    const replies = ticket.replies.filter((reply) => names.opening === 'reply' || reply !== ticket.replies[0])
    const onTicket = { [names.text]: ticket.content, [names.sentAt]: ticket.createdAt }
    return {
      ...(names.opening === 'reply' ? {} : onTicket),
      [names.list]: world.listed('read', replies, 'oldest').map((reply) => shownReplyOf(reply, files, names)),
    }
  }

  const routes = [
    route({ call: 'GET /v3/tickets/categories', answer: () => ({ json: categories }) }),
    route({
      call: 'GET /v3/tickets/openOrUnread',
      answer: ({ headers }) => list(headers, ({ status }) => status === names.open),
    }),
    route({ call: 'GET /v3/tickets', answer: ({ headers }) => list(headers, () => true) }),
    route({
      call: 'POST /v3/tickets',
      json: NewTicket,
      answer: ({ body }) => {
        if (!categories.includes(body.category)) return refused('category must be one of the categories')
        if (!areFree(body.attachmentIds)) return refused('attachmentIds must be uploaded and free')
        const ticket = store(body.title, body.content, false)
        attach(ticket, body.attachmentIds)
        return wrapped(metaOf(ticket))
      },
    }),
    route({
      call: 'POST /v3/tickets/attachment',
      raw: 'multipart',
      answer: async ({ body }) => {
        const form: unknown = body
        const file = form instanceof FormData ? form.get('attachment') : undefined
        if (!(file instanceof File)) return refused('attachment is required')
        const bytes = new Uint8Array(await file.arrayBuffer())
        return wrapped({ attachmentId: keep({ fileName: file.name, fileType: file.type, bytes }) })
      },
    }),
    route({
      call: 'DELETE /v3/tickets/attachment/:attachmentId',
      answer: ({ params }) => {
        const index = files.findIndex(({ id, ticketId }) => String(id) === params.attachmentId && !ticketId)
        if (index < 0) return missing
        files.splice(index, 1)
        return { status: 204 }
      },
    }),
    route({
      call: 'GET /v3/tickets/:ticketId',
      answer: ({ params }) =>
        ofId(params.ticketId, (ticket) =>
          world.isShown('read', ticket) ? wrapped({ ...metaOf(ticket), ...contentsOf(ticket) }) : missing,
        ),
    }),
    route({
      call: 'POST /v3/tickets/:ticketId/reply',
      json: NewReply,
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          if (!areFree(body.attachmentIds)) return refused('attachmentIds must be uploaded and free')
          const { title, content, attachmentIds = [] } = body
          addReply(ticket, { title, content, attachmentIds, staff: false })
          attach(ticket, attachmentIds)
          if (names.replied === 'opens' && ticket.status === names.closed) ticket.status = names.open
          return wrapped(metaOf(ticket))
        }),
    }),
    route({
      call: 'PUT /v3/tickets/:ticketId/close',
      answer: ({ params }) => ofId(params.ticketId, (ticket) => setStatus(ticket, names.closed)),
    }),
    route({
      call: 'PUT /v3/tickets/:ticketId/open',
      answer: ({ params }) => ofId(params.ticketId, (ticket) => setStatus(ticket, names.open)),
    }),
    route({
      call: 'GET /v3/tickets/:ticketId/attachment/:attachmentId',
      answer: ({ params }) => {
        // The real one may well give any file of the account: only the relay keeps players apart.
        const file = files.find(({ id }) => String(id) === params.attachmentId)
        return file ? wrapped(Buffer.from(file.bytes).toString('base64')) : missing
      },
    }),
  ]

  const strangers = Array.from({ length: options.strangers ?? 30 }, () =>
    store(canary('i3d-title'), canary('i3d-strangers-words'), true),
  )
  const theirs = { fileName: 'theirs.png', fileType: 'image/png', bytes: Buffer.from(canary('i3d-file')) }
  const strangersFile = keep(theirs, strangers[0]?.id ?? 1)

  const base = await startSimulator({
    world,
    routes,
    lacks: (headers) => {
      if (headers['private-token'] !== token) return 'no PRIVATE-TOKEN'
      const range = headers['ranged-data']
      return range === undefined || rangePattern.test(range) ? undefined : 'RANGED-DATA is not start=0,results=25'
    },
    errors: {
      invalid: (why) => refused(why),
      unauthorized: { status: 401, json: errorBody(10_003, 'Invalid credentials') },
      missing,
      inside: errorBody(10_000, 'Something failed'),
    },
    port: options.port,
    onReceived: options.onReceived,
  })

  const reply = (id: string, given: Partial<StoredReply>) => {
    addReply(stored(id), given)
  }

  return {
    ...base,
    config: withTold(
      { kind: 'i3d', baseUrl: base.url, token, category, department, ...addresses },
      toldOf(told ? names : usual),
      toldOf(usual),
    ),
    calls: {
      open: 'POST /v3/tickets',
      reply: 'POST /v3/tickets/:ticketId/reply',
      lists: ['GET /v3/tickets/openOrUnread', 'GET /v3/tickets'],
      messages: 'GET /v3/tickets/:ticketId',
    },
    tickets: () =>
      tickets
        .filter(({ isStrangers }) => !isStrangers)
        .map((ticket) => seenOf(ticket, files, ticket.status !== names.open)),
    reply,
    seed: (_, message) => String(store(message, message, false).id),
    strangersFile,
    agentAnswers: (id, content, file) => {
      const attachmentIds = file ? [keep(file, Number(id))] : []
      reply(id, { content, staff: true, attachmentIds })
    },
    agentNotes: (id, content) => reply(id, { content, staff: null }),
    agentCloses: (id) => {
      stored(id).status = names.closed
    },
    forceClose: (id) => {
      stored(id).status = names.forceClosed
    },
    orphans: () => files.filter(({ ticketId }) => ticketId === undefined).map(({ id }) => id),
  }
}

function seenOf(ticket: StoredTicket, files: readonly StoredFile[], closed: boolean): SeenTicket {
  return {
    vendorTicketId: String(ticket.id),
    closed,
    lines: [`title: ${ticket.title}`, ...ticket.replies.flatMap(({ content }) => content.split('\n'))],
    files: files.filter(({ ticketId }) => ticketId === ticket.id),
  }
}
