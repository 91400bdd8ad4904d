/** A request that hangs on our side ends in an answer. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import type { DeskLedger } from '../../../server/desk/ledger.ts'
import { createDeskPages } from '../../../server/desk/pages.ts'
import type { DeskSignIn } from '../../../server/desk/sign-in.ts'
import type { Streams } from '../../../server/events/streams.ts'
import { responseFor } from '../../../server/files/download.ts'
import type { Files } from '../../../server/files/files.ts'
import type { Links } from '../../../server/files/links.ts'
import type { Answer, Call } from '../../../server/http/call.ts'
import { createDispatch } from '../../../server/http/dispatch.ts'
import { createEventStreams } from '../../../server/http/event-stream.ts'
import type { Handlers } from '../../../server/http/handlers.ts'
import { createLimits } from '../../../server/http/limits.ts'
import { createOrigins } from '../../../server/http/origins.ts'
import { createPipeline } from '../../../server/http/pipeline.ts'
import { createRequestQueue } from '../../../server/http/request-queue.ts'
import { eventRoutes } from '../../../server/http/routes/events.ts'
import { addLinkedFiles } from '../../../server/http/routes/linked-files.ts'
import { systemClock } from '../../../server/runtime/clock.ts'
import { createMetrics } from '../../../server/runtime/metrics.ts'
import { Refusal } from '../../../server/runtime/refusal.ts'
import type { Store } from '../../../server/store/store.ts'
import type { DeskFiles } from '../../../server/vendors/desk/desk.ts'
import { gameOf, playerOf } from '../../fixtures/game.ts'

const noOpening = () => Promise.reject(new Error('nobody opens anything here'))
const game = gameOf({ kind: 'none', can: gameOf.can, once: { open: 'vendor', reply: 'vendor' }, open: noOpening })
const games = new Map([[game.key, game]])
const origins = createOrigins(games, () => 'http://localhost')

/** Asks what has 20 ms for its answer. */
function ask(
  path: string,
  answer: (call: Call) => Promise<Answer>,
  { method = 'GET', eventStreams = createEventStreams() } = {},
) {
  const pass = createPipeline({
    queue: createRequestQueue(),
    addressOf: () => undefined,
    origins,
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
    origins,
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
    files: { blobs: { read: async () => ({ body: await opened.then(endless), size: 1 }) } } as unknown as Files,
  })
  return ask('/files/a', async ({ request }) => app.fetch(request))
}

function atDesk({ opened, leave }: Late): Promise<Response> {
  const endless = () => new ReadableStream({ cancel: leave })
  const row = { id: 'a', ticket_id: 't', file_name: 'a.png', file_type: 'image/png' }
  const pages = createDeskPages({
    door: { byToken: async () => ({ games: ['game'] }) } as Partial<DeskSignIn> as DeskSignIn,
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
