/** The relay as one function from request to response. Nothing connects, listens or reads the clock at import time. */
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { JSONWebKeySet } from 'jose'
import { AttachmentId } from './contract/ids.ts'
import { FilesError } from './files/files-error.ts'
import type { Links } from './files/links.ts'
import type { Files } from './files/uploads.ts'
import { type Games, requireGame } from './games.ts'
import type { Limits } from './limits.ts'
import type { Watch } from './live/watch.ts'
import type { Load } from './load.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Identify } from './players/identity.ts'
import { TokenRefused } from './players/token-refused.ts'
import { problemResponse, Refusal } from './problem.ts'
import type { Readiness } from './readiness.ts'
import { createRequestQueue } from './request-queue.ts'
import type { AddressOf } from './routes/address.ts'
import type { createUploadHandler } from './routes/attachments.ts'
import type { BrowserFiles } from './routes/browser-files.ts'
import { answerInTime } from './routes/deadline.ts'
import { addRoutes, bearerOf } from './routes/dispatch.ts'
import type { Edge } from './routes/edge.ts'
import type { EventStreams } from './routes/event-stream.ts'
import type { Handlers } from './routes/handlers.ts'
import { addHealth } from './routes/health.ts'
import { addHooks } from './routes/hooks.ts'
import { addKeySet } from './routes/key-set.ts'
import { answerKnownHosts } from './routes/known-hosts.ts'
import { fenceAddresses, spend, spenderOf } from './routes/limited.ts'
import { addLinkedFiles } from './routes/linked-files.ts'
import { addPages } from './routes/pages.ts'
import type { Store } from './store/store.ts'
import { isStoreTrouble } from './store/trouble.ts'

export interface AppParts {
  handlers: Handlers
  eventStreams: EventStreams
  upload: ReturnType<typeof createUploadHandler>
  identify: Identify
  games: Games
  edge: Edge
  limits: Limits
  load: Pick<Load, 'admit'>
  addressOf: AddressOf
  readiness: Readiness
  store: Store
  files: Files
  links: Pick<Links, 'verify'>
  watch: Watch
  browserFiles: BrowserFiles
  /** Public keys only. */
  keySet: JSONWebKeySet
  /** The agents' pages, where a game uses the built-in desk. */
  desk: Hono | undefined
  isDemo: boolean
  log: Log
  metrics: Metrics
  /** Absent: it answers this machine alone. */
  publicUrl: string | undefined
  baseOf: (request: Request) => string
}

export function createApp(parts: AppParts): Hono {
  const app = new Hono()
  app.use('/v1/events', parts.eventStreams.middleware)
  app.use(letGoAfterHead)
  app.use(waitForTurn(parts.addressOf))
  app.use(parts.edge.middleware)
  app.use(answerKnownHosts(parts.publicUrl))
  app.use(answerInTime())
  app.use(fenceAddresses(parts.limits, parts.addressOf))
  app.onError((error, context) => problemResponse(refusalFor(error, parts.log, context)))
  app.notFound(() => problemResponse(new Refusal('not_found')))

  addRoutes(app, parts)
  addUploads(app, parts)
  addLinkedFiles(app, parts)
  addHealth(app, parts)
  addHooks(app, parts)
  addKeySet(app, parts.keySet)
  if (parts.desk) app.route('/desk', parts.desk)
  addPages(app, { files: parts.browserFiles, games: parts.games, isDemo: parts.isDemo })
  return app
}

/** Whoever watches over the relay sees it as it is, and does not stand in line for it. */
const unqueued: readonly string[] = ['/healthz', '/readyz', '/metrics']

function waitForTurn(addressOf: AddressOf): MiddlewareHandler {
  const queue = createRequestQueue()
  return async (context, next) => {
    if (!unqueued.includes(context.req.path)) await queue.enter(addressOf(context))
    await next()
  }
}

/** Hono answers a HEAD by GET's route and drops the body as it is: one that streams would stay open for ever. */
const letGoAfterHead: MiddlewareHandler = async (context, next) => {
  await next()
  if (context.req.raw.method === 'HEAD') await context.res.body?.cancel()
}

function addUploads(app: Hono, { upload, identify, games, edge, limits }: AppParts): void {
  // Hono asks GET's routes for a HEAD; the room tells the two apart, and `POST` may stand for PATCH as tus has it.
  app.on(['GET', 'PATCH', 'POST'], '/v1/uploads/:id', async (context) => {
    const player = await identify(bearerOf(context.req.raw))
    const game = requireGame(games, player.game)
    edge.checkOrigin(context.req.raw, game)
    await spend(limits, 'piece', spenderOf(player, undefined))
    const id = AttachmentId.safeParse(context.req.param('id'))
    if (!id.success) throw new Refusal('not_found')
    return upload(player, game, id.data, context.req.raw)
  })
}

/** Whatever was thrown, as what the player may be told. Only the unforeseen is logged as an error. */
function refusalFor(error: unknown, log: Log, context: Context): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof TokenRefused) return new Refusal(error.code, { detail: error.reason, cause: error })
  if (error instanceof FilesError && error.code === 'too_large') return new Refusal('too_large', { cause: error })
  if (hasGone(context)) {
    log.info({ err: error }, 'a client broke off')
    return new Refusal('internal', { cause: error })
  }
  if (isStoreTrouble(error) || error instanceof FilesError) {
    log.error({ err: error }, 'the ledger or the files cannot be reached')
    return new Refusal('store_unavailable', { cause: error, retryAfterSeconds: 2 })
  }
  log.error({ err: error }, 'a request broke off')
  return new Refusal('internal', { cause: error })
}

/** The client left before all that it was sending had come: no fault of ours, and nobody hears the answer. */
function hasGone({ env }: Context): boolean {
  const incoming = (env as Partial<HttpBindings> | undefined)?.incoming
  return incoming?.destroyed === true && !incoming.complete
}
