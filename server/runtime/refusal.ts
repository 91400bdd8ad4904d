/** Refusals on the wire, RFC 9457. The one table from code to status. */
import type { Problem, ProblemPlace } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-code.ts'

const statuses: Record<ProblemCode, { status: number; title: string }> = {
  token_missing: { status: 401, title: 'No player token' },
  token_malformed: { status: 401, title: 'The player token cannot be read' },
  token_expired: { status: 401, title: 'The player token has expired' },
  token_not_yet_valid: { status: 401, title: 'The player token is not valid yet' },
  token_bad_signature: { status: 401, title: 'The player token was not signed by a known key' },
  token_wrong_audience: { status: 401, title: 'The player token is for another game' },
  token_wrong_issuer: { status: 401, title: 'The player token is from another issuer' },
  token_missing_claim: { status: 401, title: 'The player token lacks a required claim' },
  token_too_long_lived: { status: 401, title: 'The player token lives longer than 24 hours' },
  session_ended: { status: 401, title: 'The session has ended' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  idempotency_key_missing: { status: 400, title: 'The header Idempotency-Key is missing or unusable' },
  origin_not_allowed: { status: 403, title: 'This origin is not one of the game’s' },
  host_not_allowed: { status: 403, title: 'The relay is not called that' },
  not_found: { status: 404, title: 'Not found' },
  idempotency_key_in_use: { status: 409, title: 'The first request with this Idempotency-Key is still under way' },
  ticket_closed: { status: 409, title: 'The ticket is closed' },
  erasure_under_way: { status: 409, title: 'Everything of this player is being erased just now' },
  too_large: { status: 413, title: 'Too large' },
  type_not_allowed: { status: 415, title: 'Files of this type are not accepted' },
  invalid: { status: 422, title: 'Something in the request is not acceptable' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key came with another request before' },
  unsupported: { status: 422, title: 'Not possible here' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The relay failed' },
  store_unavailable: { status: 503, title: 'The ledger cannot be reached just now' },
  storage_full: { status: 507, title: 'There is no room for files just now' },
  overloaded: { status: 503, title: 'The relay has too much to do just now' },
}

interface RefusalOptions extends ErrorOptions {
  detail?: string
  errors?: readonly ProblemPlace[]
  retryAfterSeconds?: number
}

/** Thrown by any room to refuse a request; `http/app.ts` turns it into the answer. Its texts never quote the request. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ProblemCode
  readonly options: RefusalOptions

  constructor(code: ProblemCode, options: RefusalOptions = {}) {
    super(code, options)
    this.code = code
    this.options = options
  }
}

export function statusOf(code: ProblemCode): number {
  return statuses[code].status
}

export function titleOf(code: ProblemCode): string {
  return statuses[code].title
}

/** The answer for a refusal. */
export function problemResponse(refusal: Refusal): Response {
  const { text, ...init } = problemAnswer(refusal)
  return new Response(text, init)
}

/** The same in parts. Names of headers in lower case. */
export function problemAnswer({ code, options }: Refusal) {
  const { status, title } = statuses[code]
  const problem: Problem = {
    type: `urn:medkit:problem:${code}`,
    title,
    status,
    code,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    ...(options.errors === undefined ? {} : { errors: [...options.errors] }),
    ...(options.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: options.retryAfterSeconds }),
  }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (options.retryAfterSeconds !== undefined) headers['retry-after'] = String(options.retryAfterSeconds)
  if (status === 401) headers['www-authenticate'] = `Bearer error="${code}"`
  return { status, headers, text: JSON.stringify(problem) }
}
