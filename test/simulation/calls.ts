/** Calls on their way between a relay and a vendor, and what becomes of each; kept for whoever judges the history. */
import { VendorError } from '../../server/vendors/vendor.ts'
import type { Process } from './process.ts'
import type { Fate } from './weather.ts'
import type { World } from './world.ts'

export type Operation = 'open' | 'reply' | 'close' | 'reopen' | 'find' | 'read' | 'forget' | 'ask'

/** One call, as it went. */
export interface Call {
  game: string
  operation: Operation
  /** What it is about: a message, or a ticket by its first message. */
  name: string
  /** Of the message; absent where it is about none. */
  mark?: string | undefined
  by: Process
  /** When its relay had made sure for the last time that it may write. */
  decidedAt: number
  leftAt: number
  fate: Fate['kind']
  /** A message that this vendor never takes: its failures say nothing of the vendor. */
  isPoisoned: boolean
  /** When its relay knew what became of it; absent where it never did. */
  endedAt?: number
  outcome?: 'ok' | VendorError
  /** When the vendor will carry it out, if it comes to that. */
  dueAt?: number
  /** When the vendor carried it out; absent where it did not. */
  carriedOutAt?: number
  /** From when on a look at the vendor shows it. */
  shownAt?: number
}

/** How long the relay waits for an answer, as its real line to a vendor does. */
const timeoutMs = 15_000

export interface Line {
  world: World
  process: Process
  signal: AbortSignal
  call: Call
  fate: Fate
}

/**
 * Makes one call.
 *
 * @param carryOut at the vendor; what it throws is what the vendor answers
 */
export function exchange<T>({ world, process, signal, call, fate }: Line, carryOut: () => T): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  world.tell(process.name, () => `calls ${call.game}: ${call.operation} ${call.name}`)

  const mayHaveActed = call.operation !== 'find' && call.operation !== 'read'

  function end(outcome: 'ok' | VendorError, settle: () => void): void {
    if (call.outcome) return
    call.endedAt = world.now()
    call.outcome = outcome
    const what = outcome === 'ok' ? 'ok' : outcome.message
    world.tell(process.name, () => `hears ${call.game}: ${call.operation} ${call.name}: ${what}`)
    cancelTimeout()
    settle()
  }

  const fail = (error: VendorError) => end(error, () => reject(error))
  const cancelTimeout = process.timers.after(timeoutMs, () => fail(unreachable('timed out', { mayHaveActed })))
  signal.addEventListener('abort', () => fail(unreachable('called off', { mayHaveActed })), { once: true })

  function work(): { answer: () => void } {
    try {
      const result = carryOut()
      return { answer: () => end('ok', () => resolve(result)) }
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      return { answer: () => fail(error) }
    }
  }

  if (signal.aborted) fail(unreachable('called off', { mayHaveActed }))
  if ('carriedOutMs' in fate && fate.carriedOutMs !== undefined) call.dueAt = world.now() + fate.carriedOutMs
  switch (fate.kind) {
    case 'answered':
      world.after(fate.carriedOutMs, () => process.hear(fate.answerMs, work().answer))
      break
    case 'no-connection':
      process.hear(fate.answerMs, () => fail(noConnection()))
      break
    case 'busy':
      process.hear(fate.answerMs, () => fail(busy(fate.retryAfterMs)))
      break
    case 'refused':
      process.hear(fate.answerMs, () => fail(new VendorError('refused', 'answered 422', { status: 422 })))
      break
    case 'failed':
      if (fate.carriedOutMs !== undefined) world.after(fate.carriedOutMs, work)
      process.hear(fate.answerMs, () => fail(unreachable('answered 500', { mayHaveActed, status: 500 })))
      break
    case 'lost':
      if (fate.carriedOutMs !== undefined) world.after(fate.carriedOutMs, work)
      break
  }
  return promise
}

function unreachable(why: string, detail: { mayHaveActed: boolean; status?: number }): VendorError {
  return new VendorError('unreachable', why, detail)
}

/** Nothing left the relay: the one failure of a line that says for sure that nothing was carried out. */
function noConnection(): VendorError {
  return new VendorError('unreachable', 'connection refused', { mayHaveActed: false })
}

function busy(retryAfterMs: number | undefined): VendorError {
  return new VendorError('busy', 'answered 429', { retryAfterMs, status: 429 })
}
