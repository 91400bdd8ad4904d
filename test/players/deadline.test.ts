/** A request that hangs on our side ends in an answer. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { systemClock } from '../../server/clock.ts'
import type { Links } from '../../server/files/links.ts'
import type { Files } from '../../server/files/uploads.ts'
import { createLimits } from '../../server/limits.ts'
import type { Streams } from '../../server/live/stream.ts'
import { createMetrics } from '../../server/metrics.ts'
import { problemResponse, Refusal } from '../../server/problem.ts'
import { answerInTime } from '../../server/routes/deadline.ts'
import { addRoutes } from '../../server/routes/dispatch.ts'
import { download } from '../../server/routes/download.ts'
import { createEdge } from '../../server/routes/edge.ts'
import { createEventStreams } from '../../server/routes/event-stream.ts'
import { eventRoutes } from '../../server/routes/events.ts'
import type { Handlers } from '../../server/routes/handlers.ts'
import { addLinkedFiles } from '../../server/routes/linked-files.ts'
import type { Store } from '../../server/store/store.ts'
import type { DeskFiles } from '../../server/vendors/desk/desk.ts'
import type { DeskDoor } from '../../server/vendors/desk/door.ts'
import type { DeskLedger } from '../../server/vendors/desk/ledger.ts'
import { createDeskPages } from '../../server/vendors/desk/pages.ts'
import { gameOf, playerOf } from '../tickets/game.ts'

function inTime(app = new Hono()): Hono {
  app.onError((error) => problemResponse(error instanceof Refusal ? error : new Refusal('internal')))
  return app.use(answerInTime(20))
}

function appThat(handle: () => Promise<Response>): Hono {
  return inTime().get('/v1/tickets', handle).patch('/v1/uploads/:id', handle)
}

it('with 503 and when to try again', async () => {
  const response = await appThat(() => new Promise(() => undefined)).request('/v1/tickets')
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.json()).toMatchObject({ code: 'store_unavailable' })
})

it('while one that answers in time is left alone', async () => {
  const response = await appThat(async () => new Response('here')).request('/v1/tickets')
  expect(await response.text()).toBe('here')
})

it('and an upload may take its time', async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('here')), 60))
  expect((await appThat(slow).request('/v1/uploads/x', { method: 'PATCH' })).status).toBe(200)
})

/** Opened only when it is let; `letGo` resolves once nobody holds it any more. */
function lateStream() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: letGo, resolve: leave } = Promise.withResolvers<void>()
  return { opened, open, letGo, leave }
}

type Late = ReturnType<typeof lateStream>

const noOpening = () => Promise.reject(new Error('nobody opens anything here'))

function listening({ opened, leave }: Late): Hono {
  const game = gameOf({ kind: 'none', can: gameOf.can, once: { open: 'vendor', reply: 'vendor' }, open: noOpening })
  const games = new Map([[game.key, game]])
  const stream = { begin: () => undefined, drained: () => undefined, left: leave }
  const streams = { open: () => opened.then(() => stream) } as Partial<Streams> as Streams
  const eventStreams = createEventStreams()
  const app = inTime(new Hono().use('/v1/events', eventStreams.middleware))
  addRoutes(app, {
    handlers: eventRoutes(streams, eventStreams) as Handlers,
    identify: async () => playerOf(1),
    games,
    edge: createEdge(games, () => 'http://relay.example'),
    limits: createLimits(),
    load: { admit: () => undefined },
    addressOf: () => undefined,
    metrics: createMetrics(),
  })
  return app
}

function linking({ opened, leave }: Late): Hono {
  const endless = () => new ReadableStream({ cancel: leave })
  const row = { id: 'a', state: 'ready', vendor_file_id: null, file_name: 'a.png', file_type: 'image/png' }
  const app = inTime()
  addLinkedFiles(app, {
    links: { verify: () => 'a' } as unknown as Links,
    store: { attachments: { find: async () => row } } as unknown as Store,
    files: { keep: { read: async () => ({ body: await opened.then(endless), size: 1 }) } } as unknown as Files,
  })
  return app
}

function atDesk({ opened, leave }: Late): Hono {
  const endless = () => new ReadableStream({ cancel: leave })
  const row = { id: 'a', ticket_id: 't', file_name: 'a.png', file_type: 'image/png' }
  const pages = createDeskPages({
    door: { byToken: async () => ({ games: ['game'] }) } as Partial<DeskDoor> as DeskDoor,
    addressOf: () => undefined,
    ledger: { findFile: async () => row, find: async () => ({ id: 't' }) } as unknown as DeskLedger,
    files: { read: async () => ({ body: await opened.then(endless), size: 1 }) } as unknown as DeskFiles,
    clock: systemClock,
    onChange: () => undefined,
    download,
  })
  return inTime()
    .use(async ({ req }, next) => {
      req.raw.headers.set('authorization', 'Bearer token')
      await next()
    })
    .route('/desk', pages as unknown as Hono)
}

it.each([
  ['a stream of news', '/v1/events', listening],
  ['a file behind a link', '/files/a', linking],
  ['a file at the desk', '/desk/files/a', atDesk],
] as const)('and %s that comes after that answer is let go at once: nobody will read it', async (_, path, appOf) => {
  const late = lateStream()
  const response = await appOf(late).request(path)
  expect(response.status).toBe(503)
  late.open()
  await late.letGo
})
