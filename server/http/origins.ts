/** Whose pages may call the relay, and the headers every answer wears. */
import type { Games, LiveGame } from '../config/games.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Answer, Call, PlainAnswer } from './call.ts'

export interface Origins {
  /** @throws Refusal `origin_not_allowed` when a browser says the call comes from a page that is not this game's */
  checkOrigin: (request: Request, game: LiveGame) => void
  /**
   * The answer to a browser that asks whether it may call. CORS by exact match and never with credentials: a bearer is sent
   * by code that has it, not by the browser.
   */
  preflight: (call: Call) => Response | undefined
  /** @throws Refusal `origin_not_allowed`, before anything is looked at, so that the answer tells nothing but itself */
  refuseStrangers: (call: Call) => void
  /**
   * Puts on an answer what every one wears. A page of no game's may read one thing, that it is refused: a studio's first
   * page would otherwise look like a relay that is down.
   */
  dress: (call: Call, answer: Answer) => Response
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
export function createOrigins(games: Games, baseOf: (request: Request) => string): Origins {
  const origins = new Set([...games.values()].flatMap(({ config }) => config.origins))
  const isOwn = (request: Request, origin: string) => new URL(baseOf(request)).origin === origin
  const isSecure = (request: Request) => baseOf(request).startsWith('https:')

  const isKnown = ({ request, origin }: Call) => origin !== undefined && (origins.has(origin) || isOwn(request, origin))

  /** Elsewhere than at the API nothing is said to pages that are not known. */
  const admitted = (call: Call) => (isApi(call) || isKnown(call) ? call.origin : undefined)

  function make(call: Call, { status, headers: own, text }: PlainAnswer): Response {
    const origin = admitted(call)
    const headers: Record<string, string> = { ...everyAnswer, ...own }
    if (isApi(call)) headers.vary = own.vary === undefined ? 'Origin' : `${own.vary}, Origin`
    if (isSecure(call.request)) headers['strict-transport-security'] = twoYears
    if (origin !== undefined) {
      headers['access-control-allow-origin'] = origin
      headers['access-control-expose-headers'] = exposedHeaders
    }
    return new Response(text === null ? null : bytesOf(text), { status, headers })
  }

  return {
    checkOrigin(request, game) {
      const origin = request.headers.get('origin')
      if (origin === null || game.config.origins.includes(origin) || isOwn(request, origin)) return
      throw new Refusal('origin_not_allowed')
    },

    preflight(call) {
      if (call.request.method !== 'OPTIONS' || call.origin === undefined || !isApi(call)) return undefined
      return preflight(isKnown(call) ? call.origin : undefined)
    },

    refuseStrangers(call) {
      if (call.origin !== undefined && isApi(call) && !isKnown(call)) throw new Refusal('origin_not_allowed')
    },

    dress(call, answer) {
      if (!(answer instanceof Response)) return make(call, answer)
      const { headers } = answer
      dress(headers, isSecure(call.request))
      if (isApi(call)) headers.append('vary', 'Origin')
      admit(headers, admitted(call))
      return answer
    },
  }
}

const scratch = Buffer.allocUnsafeSlow(262_144)
const mostBytesOfOne = 3

/** In one pass: by itself, Node counts how long it will be first, which takes as long again. */
function bytesOf(text: string): Buffer {
  if (text.length * mostBytesOfOne > scratch.length) return Buffer.from(text)
  return Buffer.from(scratch.subarray(0, scratch.write(text)))
}

function isApi({ path }: Call): boolean {
  return path.startsWith('/v1/')
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
