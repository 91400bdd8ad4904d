/** No request waits for ever on our side either: a ledger or a vendor that hangs ends in an answer. */
import type { Context, MiddlewareHandler } from 'hono'
import { Refusal } from '../problem.ts'

/** To the first byte of the answer. Reading the body is part of it; see `listen.ts` for how long that may take. */
const answerMs = 45_000
/** Agents' files come in one piece, and a file that has come in whole is looked into before its upload is answered. */
const filesMs = 600_000

const isReading = (method: string) => method === 'GET' || method === 'HEAD'

export function answerInTime(allowedMs = answerMs): MiddlewareHandler {
  return async (context, next) => {
    const bringsFiles = !isReading(context.req.method) && /^\/(v1\/uploads|desk)\//.test(context.req.path)
    const ms = bringsFiles ? filesMs : allowedMs
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Refusal('store_unavailable', { retryAfterSeconds: 5 })), ms)
    })
    try {
      await Promise.race([next(), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

/**
 * Around every answer that may be a stream: where the request was answered in its place, because it came too late, nobody
 * will ever read it, and what it holds (a place among the streams, an open file) would be held until it ends by itself.
 */
export function letGoIfLate(context: Context, response: Response): Response {
  if (context.finalized) void response.body?.cancel().catch(() => undefined)
  return response
}
