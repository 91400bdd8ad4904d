/**
 * A queue for work that takes the relay's one thread: little of it at the same time, and whoever has much of it comes again
 * only after everybody else who waits.
 */
import { scheduler } from 'node:timers/promises'

export interface FairQueue {
  /** Does it when it is this one's turn. */
  run: <T>(who: string, work: () => Promise<T>) => Promise<T>
}

export function createFairQueue(atOnce: number): FairQueue {
  /** In the order in which it is their turn; each with what they wait to begin. */
  const waiting = new Map<string, (() => void)[]>()
  let running = 0

  function admit(): void {
    for (const [who, own] of waiting) {
      if (running >= atOnce) return
      waiting.delete(who)
      const [begin, ...rest] = own
      if (rest.length > 0) waiting.set(who, rest)
      if (!begin) continue
      running += 1
      begin()
    }
  }

  return {
    async run(who, work) {
      await new Promise<void>((begin) => {
        waiting.set(who, [...(waiting.get(who) ?? []), begin])
        admit()
      })
      try {
        // What reads a ledger in a file never waits by itself.
        await scheduler.yield()
        return await work()
      } finally {
        running -= 1
        admit()
      }
    },
  }
}
