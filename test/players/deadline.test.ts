/** A request that hangs on our side ends in an answer. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { systemClock } from '../../server/clock.ts'
import { responseFor } from '../../server/files/download.ts'
import type { Links } from '../../server/files/links.ts'
import type { Files } from '../../server/files/uploads.ts'
import { createLimits } from '../../server/limits.ts'
import type { Streams } from '../../server/live/stream.ts'
import { createMetrics } from '../../server/metrics.ts'
import { Refusal } from '../../server/problem.ts'
import { createRequestQueue } from '../../server/request-queue.ts'
import type { Answer, Call } from '../../server/routes/call.ts'
import { createDispatch } from '../../server/routes/dispatch.ts'
import { createEdge } from '../../server/routes/edge.ts'
import { createEventStreams } from '../../server/routes/event-stream.ts'
import { eventRoutes } from '../../server/routes/events.ts'
import type { Handlers } from '../../server/routes/handlers.ts'
import { addLinkedFiles } from '../../server/routes/linked-files.ts'
import { createPipeline } from '../../server/routes/pipeline.ts'
import type { Store } from '../../server/store/store.ts'
import type { DeskFiles } from '../../server/vendors/desk/desk.ts'
import type { DeskDoor } from '../../server/vendors/desk/door.ts'
import type { DeskLedger } from '../../server/vendors/desk/ledger.ts'
import { createDeskPages } from '../../server/vendors/desk/pages.ts'
import { gameOf, playerOf } from '../tickets/game.ts'

const noOpening = () => Promise.reject(new Error('nobody opens anything here'))
const game = gameOf({ kind: 'none', can: gameOf.can, once: { open: 'vendor', reply: 'vendor' }, open: noOpening })
const games = new Map([[game.key, game]])
const edge = createEdge(games, () => 'http://localhost')

/** Asks what has 20 ms for its answer. */
function ask(
  path: string,
  answer: (call: Call) => Promise<Answer>,
  { method = 'GET', eventStreams = createEventStreams() } = {},
) {
  const pass = createPipeline({
    queue: createRequestQueue(),
    addressOf: () => undefined,
    edge,
    limits: createLimits(),
    eventStreams,
    publicUrl: 'http://localhost',
    refusalFor: (error) => (error instanceof Refusal ? error : new Refusal('internal')),
    answerMs: 20,
  })
  return pass(new Request(`http://localhost${path}`, { method }), undefined, answer)
}

it('with 503 and when to try again', async () => {
  const response = await ask('/v1/tickets', () => new Promise(() => undefined))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
})

it('while one that answers in time is left alone', async () => {
  const response = await ask('/v1/tickets', async () => new Response('here'))
  expect(await response.text()).toBe('here')
})

it('and an upload may take its time', async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('here')), 60))
  expect((await ask('/v1/uploads/x', slow, { method: 'PATCH' })).status).toBe(200)
})

/** Opened only when it is let; `letGo` resolves once nobody holds it any more. */
function lateStream() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: letGo, resolve: leave } = Promise.withResolvers<void>()
  return { opened, open, letGo, leave }
}

type Late = ReturnType<typeof lateStream>

function listening({ opened, leave }: Late): Promise<Response> {
  const stream = { begin: () => undefined, drained: () => undefined, left: leave }
  const streams = { open: () => opened.then(() => stream) } as Partial<Streams> as Streams
  const eventStreams = createEventStreams()
  const dispatch = createDispatch({
    handlers: eventRoutes(streams, eventStreams) as Handlers,
    identify: async () => playerOf(1),
    games,
    edge,
    limits: createLimits(),
    load: { admit: () => undefined },
    metrics: createMetrics(),
  })
  return ask('/v1/events', (call) => dispatch.answer(call) ?? noOpening(), { eventStreams })
}

function linking({ opened, leave }: Late): Promise<Response> {
  const endless = () => new ReadableStream({ cancel: leave })
  const row = { id: 'a', state: 'ready', vendor_file_id: null, file_name: 'a.png', file_type: 'image/png' }
  const app = new Hono()
  addLinkedFiles(app, {
    links: { verify: () => 'a' } as unknown as Links,
    store: { attachments: { find: async () => row } } as unknown as Store,
    files: { keep: { read: async () => ({ body: await opened.then(endless), size: 1 }) } } as unknown as Files,
  })
  return ask('/files/a', async ({ request }) => app.fetch(request))
}

function atDesk({ opened, leave }: Late): Promise<Response> {
  const endless = () => new ReadableStream({ cancel: leave })
  const row = { id: 'a', ticket_id: 't', file_name: 'a.png', file_type: 'image/png' }
  const pages = createDeskPages({
    door: { byToken: async () => ({ games: ['game'] }) } as Partial<DeskDoor> as DeskDoor,
    addressOf: () => undefined,
    ledger: { findFile: async () => row, find: async () => ({ id: 't' }) } as unknown as DeskLedger,
    files: { read: async () => ({ body: await opened.then(endless), size: 1 }) } as unknown as DeskFiles,
    clock: systemClock,
    onChange: () => undefined,
    download: responseFor,
  })
  return ask('/desk/files/a', async ({ request }) => {
    request.headers.set('authorization', 'Bearer token')
    return new Hono().route('/desk', pages as unknown as Hono).fetch(request)
  })
}

it.each([
  ['a stream of news', listening],
  ['a file behind a link', linking],
  ['a file at the desk', atDesk],
] as const)('and %s that comes after that answer is let go at once: nobody will read it', async (_, askFor) => {
  const late = lateStream()
  const response = await askFor(late)
  expect(response.status).toBe(503)
  late.open()
  await late.letGo
})
