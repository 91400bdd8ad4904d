/** The relay's edge towards browsers: whose pages may call it, and the headers every answer wears. */
import type { Context, MiddlewareHandler } from 'hono'
import type { Games, LiveGame } from '../games.ts'
import { problemResponse, Refusal } from '../problem.ts'

export interface Edge {
  /** @throws Refusal `origin_not_allowed` when a browser says the call comes from a page that is not this game's */
  checkOrigin: (request: Request, game: LiveGame) => void
  /**
   * An answer that wears already what {@link Edge.middleware} would put on it: made in one piece, because a `Headers` that is
   * changed afterwards costs as much as reading the ledger.
   */
  answer: (context: Context, body: string | null, init: { status: number; headers: Record<string, string> }) => Response
  /**
   * CORS by exact match and never with credentials: a bearer is sent by code that has it, not by the browser. A page of no
   * game's may read one thing, that it is refused: a studio's first page would otherwise look like a relay that is down.
   */
  middleware: MiddlewareHandler
}

const allowedHeaders =
  'authorization, content-type, idempotency-key, if-none-match, last-event-id, tus-resumable, upload-offset, upload-length, upload-checksum'
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

  /** Of the answers made here, which are left as they are. */
  const dressed = new WeakSet<Response>()

  function knownOrigin(context: Context): string | undefined {
    const origin = context.req.header('origin')
    const isKnown = origin !== undefined && (origins.has(origin) || isOwn(context.req.raw, origin))
    return isKnown ? origin : undefined
  }

  const isSecure = (request: Request) => baseOf(request).startsWith('https:')

  return {
    answer(context, body, { status, headers: own }) {
      const origin = knownOrigin(context)
      const headers: Record<string, string> = {
        ...everyAnswer,
        ...own,
        vary: own.vary === undefined ? 'Origin' : `${own.vary}, Origin`,
      }
      if (isSecure(context.req.raw)) headers['strict-transport-security'] = twoYears
      if (origin !== undefined) {
        headers['access-control-allow-origin'] = origin
        headers['access-control-expose-headers'] = exposedHeaders
      }
      // As bytes, whose length needs no counting.
      const answer = new Response(body === null ? null : Buffer.from(body), { status, headers })
      dressed.add(answer)
      return answer
    },

    checkOrigin(request, game) {
      const origin = request.headers.get('origin')
      if (origin === null || game.config.origins.includes(origin) || isOwn(request, origin)) return
      throw new Refusal('origin_not_allowed')
    },

    async middleware(context, next) {
      const request = context.req.raw
      const isApi = context.req.path.startsWith('/v1/')
      const origin = isApi ? context.req.header('origin') : undefined
      const known = knownOrigin(context)
      if (request.method === 'OPTIONS' && origin !== undefined) return preflight(known)
      // Before anything is looked at, so that the answer tells nothing but itself.
      const stranger = known === undefined ? origin : undefined
      if (stranger !== undefined) context.res = problemResponse(new Refusal('origin_not_allowed'))
      else await next()
      if (dressed.has(context.res)) return
      const { headers } = context.res
      dress(headers, isSecure(request))
      if (isApi) headers.append('vary', 'Origin')
      admit(headers, known ?? stranger)
    },
  }
}

function dress(headers: Headers, isSecure: boolean): void {
  if (isSecure) headers.set('strict-transport-security', twoYears)
  for (const [name, value] of Object.entries(everyAnswer)) if (!headers.has(name)) headers.set(name, value)
}

function admit(headers: Headers, origin: string | undefined): void {
  if (origin === undefined || headers.has('access-control-allow-origin')) return
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
