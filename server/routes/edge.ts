/** The relay's edge towards browsers: whose pages may call it, and the headers every answer wears. */
import type { MiddlewareHandler } from 'hono'
import type { Games, LiveGame } from '../games.ts'
import { problemResponse, Refusal } from '../problem.ts'

export interface Edge {
  /** @throws Refusal `origin_not_allowed` when a browser says the call comes from a page that is not this game's */
  checkOrigin: (request: Request, game: LiveGame) => void
  /**
   * CORS by exact match and never with credentials: a bearer is sent by code that has it, not by the browser. A page of no
   * game's may read one thing, that it is refused: a studio's first page would otherwise look like a relay that is down.
   */
  middleware: MiddlewareHandler
}

const allowedHeaders =
  'authorization, content-type, idempotency-key, last-event-id, tus-resumable, upload-offset, upload-length, upload-checksum'
const exposedHeaders =
  'content-disposition, date, etag, retry-after, tus-resumable, upload-offset, upload-length, upload-expires'

/** Whatever an answer does not say otherwise: it is data, no page, for nobody to frame, embed or guess at. */
const everyAnswer = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin-allow-popups',
  'cross-origin-resource-policy': 'same-origin',
}

const twoYears = 'max-age=63072000'

/** @param baseOf - where the outside reaches this relay: its own pages may always call it */
export function createEdge(games: Games, baseOf: (request: Request) => string): Edge {
  const origins = new Set([...games.values()].flatMap(({ config }) => config.origins))
  const isOwn = (request: Request, origin: string) => new URL(baseOf(request)).origin === origin

  return {
    checkOrigin(request, game) {
      const origin = request.headers.get('origin')
      if (origin === null || game.config.origins.includes(origin) || isOwn(request, origin)) return
      throw new Refusal('origin_not_allowed')
    },

    async middleware(context, next) {
      const request = context.req.raw
      const origin = context.req.header('origin')
      const isKnown = origin !== undefined && (origins.has(origin) || isOwn(request, origin))
      const isApi = context.req.path.startsWith('/v1/')
      if (request.method === 'OPTIONS' && origin !== undefined && isApi) {
        return preflight(isKnown ? origin : undefined)
      }
      // Before anything is looked at, so that the answer tells nothing but itself.
      const isStranger = isApi && origin !== undefined && !isKnown
      if (isStranger) context.res = problemResponse(new Refusal('origin_not_allowed'))
      else await next()
      const { headers } = context.res
      dress(headers, baseOf(request).startsWith('https:'))
      if (isApi) headers.append('vary', 'Origin')
      if (isKnown || isStranger) admit(headers, origin)
    },
  }
}

function dress(headers: Headers, isSecure: boolean): void {
  if (isSecure) headers.set('strict-transport-security', twoYears)
  for (const [name, value] of Object.entries(everyAnswer)) if (!headers.has(name)) headers.set(name, value)
}

function admit(headers: Headers, origin: string): void {
  if (headers.has('access-control-allow-origin')) return
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', exposedHeaders)
}

function preflight(origin: string | undefined): Response {
  if (origin === undefined) return new Response(null, { status: 204, headers: { vary: 'Origin' } })
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PATCH, HEAD, DELETE',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': '7200',
      vary: 'Origin',
    },
  })
}
