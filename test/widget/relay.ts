/** A relay for component tests: the contract's answers from memory, in the same page, with every request on record. */
import type { Game } from '../../server/contract/game.ts'
import type { Message } from '../../server/contract/message.ts'
import type { ProblemCode } from '../../server/contract/problem-code.ts'
import type { RouteName } from '../../server/contract/routes.ts'
import type { Conversation, NewTicket, Ticket } from '../../server/contract/ticket.ts'

export interface Asked {
  route: RouteName
  path: string
  headers: Record<string, string>
  body: unknown
}

type Answer = { status: number; body?: unknown } | 'offline'

export interface TestRelay {
  game: Game
  tickets: Map<string, Conversation>
  asked: Asked[]
  /** What was asked of one route. */
  of(route: RouteName): Asked[]
  /** Answers this route so, until it is given back. */
  answer(route: RouteName, answer: (asked: Asked) => Answer): () => void
  /** Writes one event to every open stream. */
  tell(type: string, data: unknown): void
  streams(): number
  fetch: typeof fetch
}

const routes: readonly [RouteName, RegExp][] = [
  ['GET /games/:game', /^\/games\/[^/]+$/],
  ['POST /sessions/merge', /^\/sessions\/merge$/],
  ['POST /sessions/challenges', /^\/sessions\/challenges$/],
  ['POST /sessions', /^\/sessions$/],
  ['DELETE /session', /^\/session$/],
  ['POST /recovery-keys', /^\/recovery-keys$/],
  ['GET /tickets', /^\/tickets$/],
  ['POST /tickets', /^\/tickets$/],
  ['GET /tickets/:ticketId', /^\/tickets\/[^/]+$/],
  ['POST /challenges', /^\/challenges$/],
  ['POST /tickets/:ticketId/messages/:messageId/retry', /^\/tickets\/[^/]+\/messages\/[^/]+\/retry$/],
  ['POST /tickets/:ticketId/messages', /^\/tickets\/[^/]+\/messages$/],
  ['POST /tickets/:ticketId/close', /^\/tickets\/[^/]+\/close$/],
  ['POST /tickets/:ticketId/reopen', /^\/tickets\/[^/]+\/reopen$/],
  ['POST /tickets/:ticketId/read', /^\/tickets\/[^/]+\/read$/],
  ['POST /tickets/:ticketId/rating', /^\/tickets\/[^/]+\/rating$/],
  ['POST /attachments', /^\/attachments$/],
  ['DELETE /attachments/:attachmentId', /^\/attachments\/[^/]+$/],
  ['GET /attachments/:attachmentId', /^\/attachments\/[^/]+$/],
  ['POST /deletion-requests', /^\/deletion-requests$/],
  ['GET /deletion-requests', /^\/deletion-requests$/],
  ['DELETE /deletion-requests/:requestId', /^\/deletion-requests\/[^/]+$/],
  ['GET /deletion-requests/:requestId/receipt', /^\/deletion-requests\/[^/]+\/receipt$/],
  ['GET /export', /^\/export$/],
  ['GET /events', /^\/events$/],
]

export function problem(status: number, code: ProblemCode): Answer {
  return { status, body: { type: 'about:blank', title: code, status, code } }
}

export function createTestRelay(): TestRelay {
  const asked: Asked[] = []
  const tickets = new Map<string, Conversation>()
  const overrides = new Map<RouteName, (asked: Asked) => Answer>()
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const encoder = new TextEncoder()
  const game = starHarbor()
  let events = 0

  const ticketAt = (path: string) => tickets.get(path.split('/')[2] ?? '')
  const changed = (path: string, change: Partial<Ticket>): Answer => {
    const ticket = ticketAt(path)
    if (!ticket) return problem(404, 'not_found')
    Object.assign(ticket, { updatedAt: now(), ...change })
    return { status: 200, body: summary(ticket) }
  }
  const answers: Partial<Record<RouteName, (asked: Asked) => Answer>> = {
    'GET /games/:game': () => ({ status: 200, body: game }),
    'POST /sessions': () => ({ status: 201, body: session() }),
    'DELETE /session': () => ({ status: 204 }),
    'POST /recovery-keys': () => ({ status: 201, body: { recoveryKey: 'KEY-TO-WRITE-DOWN' } }),
    'GET /tickets': () => ({ status: 200, body: { items: [...tickets.values()].map(summary), cursor: null } }),
    'POST /tickets': ({ body }) => {
      const ticket = ticketOf({ text: (body as NewTicket).message })
      tickets.set(ticket.id, ticket)
      return { status: 201, body: ticket }
    },
    'GET /tickets/:ticketId': ({ path }) => {
      const ticket = ticketAt(path)
      return ticket ? { status: 200, body: ticket } : problem(404, 'not_found')
    },
    'POST /tickets/:ticketId/messages': ({ path, body }) => {
      const message = messageOf({ text: (body as NewTicket).message, delivery: 'received' })
      ticketAt(path)?.messages.push(message)
      return { status: 201, body: message }
    },
    'POST /tickets/:ticketId/close': ({ path }) => changed(path, closed),
    'POST /tickets/:ticketId/reopen': ({ path }) => changed(path, opened),
    'POST /tickets/:ticketId/read': ({ path }) => changed(path, { unread: 0 }),
    'POST /tickets/:ticketId/rating': ({ path, body }) => changed(path, { rating: body as Ticket['rating'] & object }),
    'GET /deletion-requests': () => ({ status: 200, body: { items: [], cursor: null } }),
    'GET /export': () => ({
      status: 200,
      body: { tickets: [...tickets.values()], attachments: [], exportedAt: now(), player: { game: 'test' } },
    }),
  }

  const stream = (signal: AbortSignal | null | undefined) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        streams.add(controller)
        controller.enqueue(encoder.encode(`id: ${events}\n: welcome\n\n`))
        signal?.addEventListener('abort', () => {
          streams.delete(controller)
          controller.error(new DOMException('aborted', 'AbortError'))
        })
      },
    })

  return {
    game,
    tickets,
    asked,
    of: (route) => asked.filter((one) => one.route === route),
    answer(route, answer) {
      overrides.set(route, answer)
      return () => overrides.delete(route)
    },
    tell(type, data) {
      events += 1
      const lines = `id: ${events}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
      for (const controller of streams) controller.enqueue(encoder.encode(lines))
    },
    streams: () => streams.size,
    async fetch(input, init = {}) {
      init.signal?.throwIfAborted()
      const url = new URL(String(input), location.href)
      const path = url.pathname.replace(/^\/v1/, '')
      const method = init.method ?? 'GET'
      const route = routes.find(([name, pattern]) => name.startsWith(`${method} `) && pattern.test(path))?.[0]
      if (!route) return new Response(null, { status: 404 })
      const body = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      const one: Asked = { route, path, headers: Object.fromEntries(new Headers(init.headers)), body }
      asked.push(one)
      const override = overrides.get(route)
      if (route === 'GET /events' && !override && !url.search)
        return new Response(stream(init.signal), { headers: { 'Content-Type': 'text/event-stream' } })
      const answer = (override ?? answers[route])?.(one) ?? problem(404, 'not_found')
      if (answer === 'offline') throw new TypeError('Failed to fetch')
      return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status })
    },
  }
}

export function session(change: object = {}) {
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
  return { token: 'anonymous-token', kind: 'anonymous', expiresAt, recoveryKey: 'KEY-OF-THE-PLAYER', ...change }
}

const opened = { status: 'open', can: { reply: true, close: true, reopen: false, rate: false } } as const
const closed = { status: 'closed', can: { reply: false, close: false, reopen: true, rate: true } } as const
let made = 0

const now = () => new Date().toISOString()
function nextId() {
  made += 1
  return String(made).padStart(22, '0') as never
}

export function messageOf(change: Partial<Message> = {}): Message {
  return {
    id: nextId(),
    author: 'player',
    text: 'Hello',
    sentAt: now(),
    attachments: [],
    delivery: 'delivered',
    ...change,
  }
}

export function ticketOf({
  text = 'My sword is gone',
  ...change
}: Partial<Conversation> & { text?: string } = {}): Conversation {
  const id = change.id ?? nextId()
  const messages = change.messages ?? [messageOf({ text })]
  return {
    id,
    number: `SH-${String(id).slice(-4)}`,
    subject: text.slice(0, 60),
    language: 'en',
    createdAt: now(),
    updatedAt: now(),
    unread: 0,
    lastMessage: { author: 'player', text, sentAt: now() },
    asOf: now(),
    ...opened,
    earlier: null,
    sentAlong: [],
    ...change,
    messages,
  }
}

export function closedTicket(text?: string): Conversation {
  return { ...ticketOf({ ...(text && { text }) }), ...closed }
}

function summary({ messages: _, earlier: __, sentAlong: ___, ...ticket }: Conversation): Ticket {
  return ticket
}

function starHarbor(): Game {
  return {
    game: 'test',
    name: 'Star Harbor',
    languages: ['en', 'de', 'ja', 'ar'],
    can: {
      open: true,
      reply: 'thread',
      reopen: 'native',
      close: true,
      answers: 'thread',
      attachments: limits,
      history: 'relay',
      deletion: 'vendor',
      rating: 'native',
      push: 'hook',
    },
    form: {
      categories: [
        {
          id: 'billing',
          label: { en: 'Purchases', de: 'Käufe' },
          fields: [{ id: 'order', label: { en: 'Order number', de: 'Bestellnummer' }, type: 'text', required: true }],
        },
        { id: 'bug', label: { en: 'Something is broken', de: 'Etwas ist kaputt' }, fields: [] },
      ],
    },
    attachments: limits,
    signIn: ['anonymous', 'email'],
    theme: { accent: '#3b5bdb' },
  }
}

const limits = { types: ['image/png', 'text/plain'], maxBytes: 1_000_000, maxCount: 2 }
