/**
 * Requests begin a few in each turn of the event loop, and the addresses take turns: however many come at the same moment,
 * whatever else the relay's one thread has to do comes in between.
 */
import { Refusal } from '../runtime/refusal.ts'

export interface RequestQueue {
  /**
   * Resolves when it is this one's turn.
   *
   * @param address whose turn it is; those without share one
   * @throws Refusal `overloaded` where too many wait already
   */
  enter: (address: string | undefined) => Promise<void>
}

export interface RequestQueueOptions {
  /** How many begin in one turn of the event loop. */
  perTurn: number
  /** How many wait at most: one more is sent away, before it has cost anything. */
  most: number
  /** Told of each that is sent away. */
  onShed: () => void
}

const retryAfterSeconds = 3

export function createRequestQueue(options: Partial<RequestQueueOptions> = {}): RequestQueue {
  const { perTurn = 4, most = 5_000, onShed } = options
  /** Each address's own, in the order in which it is the address's turn. */
  const waiting = new Map<string | undefined, (() => void)[]>()
  let count = 0
  let begun = 0

  function next(): void {
    const [turn] = waiting
    if (!turn) return
    const [address, own] = turn
    const begin = own.shift()
    waiting.delete(address)
    if (own.length > 0) waiting.set(address, own)
    count -= 1
    begun += 1
    begin?.()
  }

  /** One turn of the loop is over: timers, sockets and what was begun had theirs. */
  function goOn(): void {
    begun = 0
    while (begun < perTurn && count > 0) next()
    if (begun > 0) setImmediate(goOn)
  }

  return {
    async enter(address) {
      if (begun === 0) setImmediate(goOn)
      if (begun < perTurn && count === 0) {
        begun += 1
        return
      }
      if (count >= most) {
        onShed?.()
        throw new Refusal('overloaded', { retryAfterSeconds })
      }
      count += 1
      await new Promise<void>((begin) => {
        const own = waiting.get(address)
        if (own) own.push(begin)
        else waiting.set(address, [begin])
      })
    },
  }
}
