/** i3D.net as its document shows it: one account for everybody, sequential ids, an array around every answer. */
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
  addresses,
  category,
  department,
  errorBody,
  fileOf,
  metaOf,
  missing,
  NewReply,
  NewTicket,
  rangePattern,
  refused,
  type StoredFile,
  type StoredReply,
  type StoredTicket,
} from './shapes.ts'

const token = 'i3d-private-token-0123456789'
export interface I3dOptions {
  port?: number
  onReceived?: (request: Received) => void
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
    const ticket: StoredTicket = {
      id: nextId(),
      title,
      content,
      status: 'Open',
      createdAt: now,
      updatedAt: now,
      replies: [],
      isStrangers,
    }
    ticket.replies.push(replyOf({ content, staff: false }), replyOf({ content: canary('i3d-system'), staff: null }))
    tickets.push(ticket)
    return ticket
  }

  function replyOf(given: Partial<StoredReply>): StoredReply {
    const defaults = { id: nextId(), title: 'Re:', content: '', createdAt: seconds(), staff: null, attachmentIds: [] }
    return { ...defaults, ...given }
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
    const found = tickets.filter(wanted).toReversed()
    return { json: found.slice(Number(start), Number(start) + Math.min(Number(results), 25)).map(metaOf) }
  }

  function setStatus(ticket: StoredTicket, status: StoredTicket['status']) {
    if (ticket.status === 'Force-closed') return refused('The ticket is force-closed')
    ticket.status = status
    return options.answers === 'silent' ? {} : wrapped(metaOf(ticket))
  }

  function repliesOf(ticket: StoredTicket) {
    return ticket.replies.map((reply) => ({
      id: reply.id,
      title: reply.title,
      content: reply.content,
      createdAt: reply.createdAt,
      staff: reply.staff,
      authorName: canary('i3d-author'),
      authorEmail: `${canary('i3d-author')}@studio.example`,
      attachments: files.filter(({ id }) => reply.attachmentIds.includes(id)).map(fileOf),
    }))
  }

  const routes = [
    route({ call: 'GET /v3/tickets/categories', answer: () => ({ json: categories }) }),
    route({
      call: 'GET /v3/tickets/openOrUnread',
      answer: ({ headers }) => list(headers, ({ status }) => status === 'Open'),
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
        ofId(params.ticketId, (ticket) => wrapped({ ...metaOf(ticket), replies: repliesOf(ticket) })),
    }),
    route({
      call: 'POST /v3/tickets/:ticketId/reply',
      json: NewReply,
      answer: ({ params, body }) =>
        ofId(params.ticketId, (ticket) => {
          if (!areFree(body.attachmentIds)) return refused('attachmentIds must be uploaded and free')
          const { title, content, attachmentIds = [] } = body
          ticket.replies.push(replyOf({ title, content, attachmentIds, staff: false }))
          attach(ticket, attachmentIds)
          return wrapped(metaOf(ticket))
        }),
    }),
    route({
      call: 'PUT /v3/tickets/:ticketId/close',
      answer: ({ params }) => ofId(params.ticketId, (ticket) => setStatus(ticket, 'Closed')),
    }),
    route({
      call: 'PUT /v3/tickets/:ticketId/open',
      answer: ({ params }) => ofId(params.ticketId, (ticket) => setStatus(ticket, 'Open')),
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
    stored(id).replies.push(replyOf(given))
  }

  return {
    ...base,
    config: { kind: 'i3d', baseUrl: base.url, token, category, department, ...addresses },
    calls: { open: 'POST /v3/tickets', reply: 'POST /v3/tickets/:ticketId/reply' },
    tickets: () => tickets.filter(({ isStrangers }) => !isStrangers).map((ticket) => seenOf(ticket, files)),
    reply,
    strangersFile,
    agentAnswers: (id, content, file) => {
      const attachmentIds = file ? [keep(file, Number(id))] : []
      reply(id, { content, staff: true, attachmentIds })
    },
    agentNotes: (id, content) => reply(id, { content, staff: null }),
    agentCloses: (id) => {
      stored(id).status = 'Closed'
    },
    forceClose: (id) => {
      stored(id).status = 'Force-closed'
    },
    orphans: () => files.filter(({ ticketId }) => ticketId === undefined).map(({ id }) => id),
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

function seenOf(ticket: StoredTicket, files: readonly StoredFile[]): SeenTicket {
  return {
    vendorTicketId: String(ticket.id),
    closed: ticket.status !== 'Open',
    lines: [`title: ${ticket.title}`, ...ticket.replies.flatMap(({ content }) => content.split('\n'))],
    files: files.filter(({ ticketId }) => ticketId === ticket.id),
  }
}
