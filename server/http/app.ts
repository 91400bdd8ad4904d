/** The relay as one function from request to response. Nothing connects, listens or reads the clock at import time. */
import { Hono, type MiddlewareHandler } from 'hono'
import type { JSONWebKeySet } from 'jose'
import { type Games, requireGame } from '../config/games.ts'
import { AttachmentId } from '../contract/ids.ts'
import { FilesError } from '../files/error.ts'
import type { Files } from '../files/files.ts'
import type { Links } from '../files/links.ts'
import type { Identify } from '../players/identity.ts'
import { TokenRefused } from '../players/token-refused.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { problemResponse, Refusal } from '../runtime/refusal.ts'
import { isStoreFailure } from '../store/errors.ts'
import type { Store } from '../store/store.ts'
import type { Sync } from '../tickets/sync/sync.ts'
import type { AddressOf } from './address.ts'
import type { Bindings, Call } from './call.ts'
import { bearerOf, createDispatch } from './dispatch.ts'
import type { EventStreams } from './event-stream.ts'
import type { Handlers } from './handlers.ts'
import type { Limits } from './limits.ts'
import type { Load } from './load.ts'
import type { Origins } from './origins.ts'
import { createPipeline } from './pipeline.ts'
import type { Readiness } from './readiness.ts'
import { createRequestQueue } from './request-queue.ts'
import { spend, spenderOf } from './route-limits.ts'
import type { createUploadHandler } from './routes/attachments.ts'
import { addHealth } from './routes/health.ts'
import { addHooks } from './routes/hooks.ts'
import { addKeySet } from './routes/key-set.ts'
import { addLinkedFiles } from './routes/linked-files.ts'
import { addPages } from './routes/pages.ts'
import type { BrowserFiles } from './static-files.ts'

export interface AppParts {
  handlers: Handlers
  eventStreams: EventStreams
  upload: ReturnType<typeof createUploadHandler>
  identify: Identify
  games: Games
  origins: Origins
  limits: Limits
  load: Pick<Load, 'admit'>
  addressOf: AddressOf
  readiness: Readiness
  store: Store
  files: Files
  links: Pick<Links, 'verify'>
  sync: Sync
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

export interface App {
  fetch: (request: Request, bindings?: Bindings) => Promise<Response>
  /** Of whatever it answers. */
  routes: readonly { method: string; path: string }[]
}

export function createApp(parts: AppParts): App {
  const { origins, limits, log, metrics, publicUrl, addressOf, eventStreams } = parts
  const queue = createRequestQueue({ onShed: () => metrics.shed.inc({ cost: 'any' }) })
  const refuse = (error: unknown, call: Call) => refusalFor(error, log, call)
  const pass = createPipeline({ queue, addressOf, origins, limits, eventStreams, publicUrl, refusalFor: refuse })
  const dispatch = createDispatch(parts)
  const beside = createBeside(parts)
  // What is thrown there is nothing that Hono has to judge.
  beside.onError((error) => Promise.reject(error))

  return {
    fetch: (request, bindings) =>
      pass(
        request,
        bindings,
        (call) => dispatch.answer(call) ?? Promise.resolve(beside.fetch(request, bindings ?? {})),
      ),
    routes: [...dispatch.routes, ...beside.routes],
  }
}

/** What is no call of the player API, or one that brings bytes. */
function createBeside(parts: AppParts): Hono {
  const app = new Hono()
  app.use(letGoAfterHead)
  app.notFound(() => problemResponse(new Refusal('not_found')))
  addUploads(app, parts)
  addLinkedFiles(app, parts)
  addHealth(app, parts)
  addHooks(app, parts)
  addKeySet(app, parts.keySet)
  if (parts.desk) app.route('/desk', parts.desk)
  addPages(app, { files: parts.browserFiles, games: parts.games, isDemo: parts.isDemo })
  return app
}

/** Hono answers a HEAD by GET's route and drops the body as it is: one that streams would stay open for ever. */
const letGoAfterHead: MiddlewareHandler = async (context, next) => {
  await next()
  if (context.req.raw.method === 'HEAD') await context.res.body?.cancel()
}

function addUploads(app: Hono, { upload, identify, games, origins, limits }: AppParts): void {
  // Hono asks GET's routes for a HEAD; the room tells the two apart, and `POST` may stand for PATCH as tus has it.
  app.on(['GET', 'PATCH', 'POST'], '/v1/uploads/:id', async (context) => {
    const player = await identify(bearerOf(context.req.raw))
    const game = requireGame(games, player.game)
    origins.checkOrigin(context.req.raw, game)
    await spend(limits, 'piece', spenderOf(player, undefined))
    const id = AttachmentId.safeParse(context.req.param('id'))
    if (!id.success) throw new Refusal('not_found')
    return upload(player, game, id.data, context.req.raw)
  })
}

/** Whatever was thrown, as what the player may be told. Only the unforeseen is logged as an error. */
function refusalFor(error: unknown, log: Log, call: Call): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof TokenRefused) return new Refusal(error.code, { detail: error.reason, cause: error })
  if (error instanceof FilesError && error.code === 'too_large') return new Refusal('too_large', { cause: error })
  if (hasGone(call)) {
    log.info({ err: error }, 'a client broke off')
    return new Refusal('internal', { cause: error })
  }
  if (isStoreFailure(error) || error instanceof FilesError) {
    log.error({ err: error }, 'the ledger or the files cannot be reached')
    return new Refusal('store_unavailable', { cause: error, retryAfterSeconds: 2 })
  }
  log.error({ err: error }, 'a request broke off')
  return new Refusal('internal', { cause: error })
}

/** The client left before all that it was sending had come: no fault of ours, and nobody hears the answer. */
function hasGone({ bindings }: Call): boolean {
  const incoming = bindings?.incoming
  return incoming?.destroyed === true && !incoming.complete
}
