/** One exchange with a vendor, step by step: send, refuse what is not a 2xx, read within bounds, check. */
import ky from 'ky'
import type { z } from 'zod'
import type { Clock } from '../../runtime/clock.ts'
import type { VendorError, VendorErrorCode } from '../vendor.ts'
import type { Method } from './address.ts'
import { type Deadline, readCapped, watched } from './deadline.ts'
import { causeOf, codeOfStatus, type Fail, mayHaveActed, retryAfterMsOf, surelyNeverSent } from './failure.ts'

export type RequestBody =
  | string
  | Uint8Array<ArrayBuffer>
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>

/** Reads a vendor's own error body. `undefined` leaves the status to decide. */
export type CodeOfRefusal = (status: number, body: unknown) => VendorErrorCode | undefined

const maxRefusalBytes = 64 * 1024

export interface Exchange {
  /** As errors name it. */
  name: string
  url: URL
  method: Method
  headers: Record<string, string>
  body: RequestBody | undefined
  refusal: CodeOfRefusal | undefined
  clock: Clock
  fail: Fail
}

/** Sends, and turns everything but a 2xx into a VendorError. */
export async function reach(exchange: Exchange, deadline: Deadline): Promise<Response> {
  const { fail, name } = exchange
  const headers = headersOf(exchange)
  const response = await ky(exchange.url, {
    method: exchange.method,
    headers,
    ...bodyOf(exchange, deadline),
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    signal: deadline.signal,
  }).catch((error: unknown) => {
    throw unreachable(error, exchange, deadline)
  })
  if (response.ok) return response
  const refused = await readRefusal(response, exchange)
  const code = refused ?? codeOfStatus(response.status)
  const retryAfterMs = retryAfterMsOf(response.headers, exchange.clock.now())
  const { status } = response
  throw fail(code, name, `answered ${status}`, { status, retryAfterMs, mayHaveActed: mayHaveActed(status) })
}

/** A key with a line break in it would be quoted whole in the platform's own error. */
function headersOf({ headers, fail, name }: Exchange): Headers {
  try {
    return new Headers(headers)
  } catch {
    throw fail('misconfigured', name, 'the key cannot be sent in a header')
  }
}

/**
 * A redirect is not followed but has a status to tell of; save for a stream, because Node's `fetch` then keeps a copy of
 * all that it sends (a clone of the request, in case it has to be sent once more), and a file may be 200 MB.
 */
function bodyOf({ body }: Exchange, deadline: Deadline): { body?: RequestBody; redirect: 'manual' | 'error' } {
  if (body instanceof ReadableStream) return { body: watched(body, { onProgress: deadline.touch }), redirect: 'error' }
  return body === undefined ? { redirect: 'manual' } : { body, redirect: 'manual' }
}

/** Why a call was refused, in the vendor's own words where it has any; else the rest of the answer is let go. */
async function readRefusal(response: Response, { refusal }: Exchange): Promise<VendorErrorCode | undefined> {
  const mayExplain = refusal && response.status >= 400 && response.status < 500 && response.status !== 429
  if (!mayExplain) {
    await response.body?.cancel()
    return undefined
  }
  const text = await readCapped(response, maxRefusalBytes).catch(() => undefined)
  return refusal(response.status, parseJson(text ?? '')?.value)
}

export async function readText(
  response: Response,
  exchange: Exchange,
  deadline: Deadline,
  maxBytes: number,
): Promise<string> {
  const text = await readCapped(response, maxBytes).catch((error: unknown) => {
    throw unreachable(error, exchange, deadline)
  })
  if (text !== undefined) return text
  throw exchange.fail('unexpected', exchange.name, `answered more than ${maxBytes} bytes`)
}

export function checked<T>(
  text: string,
  status: number,
  schema: z.ZodType<T>,
  { name, fail, refusal }: Exchange,
  onDrift: (what: string) => void = () => undefined,
): T {
  const body = text === '' ? { value: undefined } : parseJson(text)
  if (!body) {
    onDrift(`${name}: not JSON`)
    throw fail('unexpected', name, 'answered something that is not JSON', { status })
  }
  const parsed = schema.safeParse(body.value)
  if (parsed.success) return parsed.data
  // Some vendors put an error inside a 200.
  const refused = refusal?.(status, body.value)
  if (refused) throw fail(refused, name, 'answered an error inside a success', { status })
  const [issue] = parsed.error.issues
  const place = issue?.path.map((key) => (typeof key === 'number' ? '*' : String(key))).join('.') || 'the whole'
  onDrift(`${name}: ${place} ${issue?.code ?? ''}`.trim())
  throw fail('unexpected', name, 'answered something that does not fit', { status })
}

export function withDeadline(response: Response, exchange: Exchange, deadline: Deadline): Response {
  if (!response.body) {
    deadline.clear()
    return response
  }
  // The vendor answers for its own silence, and not for a player's whose device takes nothing for a while.
  deadline.rest()
  const body = watched(response.body, {
    onWait: deadline.touch,
    onProgress: deadline.rest,
    onEnd: deadline.clear,
    failure: (error) => unreachable(error, exchange, deadline),
  })
  return new Response(body, { status: response.status, headers: response.headers })
}

function unreachable(error: unknown, { fail, name }: Exchange, deadline: Deadline): VendorError {
  const why = deadline.expired() ? 'timed out' : deadline.signal.aborted ? 'was called off' : 'gave no answer'
  const cause = causeOf(error)
  return fail('unreachable', name, why, { cause, ...(surelyNeverSent(cause) && { mayHaveActed: false }) })
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
