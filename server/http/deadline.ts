/** No request waits for ever on our side either: a ledger or a vendor that hangs ends in an answer. */
import { Refusal } from '../runtime/refusal.ts'

/** To the first byte of the answer. Reading the body is part of it; see `listen.ts` for how long that may take. */
const answerMs = 45_000
/** Agents' files come in one piece, and a file that has come in whole is looked into before its upload is answered. */
const filesMs = 600_000

const isReading = (method: string) => method === 'GET' || method === 'HEAD'

export function allowedMsFor(method: string, path: string, allowedMs = answerMs): number {
  return !isReading(method) && /^\/(v1\/uploads|desk)\//.test(path) ? filesMs : allowedMs
}

/**
 * Ends in the answer of `work`, or in a refusal where that takes too long.
 *
 * @param letGo - is given the answer that came too late: nobody will ever read it, and what it holds (a place among the
 * streams, an open file) would be held until it ends by itself
 * @throws Refusal `store_unavailable`
 */
export function answerInTime<T>(ms: number, work: () => Promise<T>, letGo: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new Refusal('store_unavailable', { retryAfterSeconds: 5 }))
    }, ms)
    const settle = (answer: T) => {
      clearTimeout(timer)
      if (isLate) letGo(answer)
      else resolve(answer)
    }
    const fail = (error: unknown) => {
      clearTimeout(timer)
      reject(error)
    }
    work().then(settle, fail)
  })
}
