/** Waiting in line inside the process, where waiting costs nothing: whoever waits in the database holds a connection. */
import { StoreUnavailable } from './errors.ts'

/** How long a transaction waits for what another has locked; the others of a ticket wait as long for their turn. */
export const lockMs = 3_000

export interface Queue {
  /** Resolves when it is one's turn. @throws StoreUnavailable when that takes too long */
  enter: () => Promise<void>
  /** Once for every turn. */
  leave: () => void
  /** Nobody has a turn or waits for one. */
  isIdle: () => boolean
}

/** @param atOnce - how many have their turn at the same time; the others come in the order in which they asked */
export function createQueue(atOnce: number, waitMs: number): Queue {
  const waiting = new Set<() => void>()
  let taken = 0

  return {
    async enter() {
      if (taken < atOnce) {
        taken++
        return
      }
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(admit)
          reject(new StoreUnavailable(`no turn within ${waitMs} ms`))
        }, waitMs)
        const admit = () => {
          clearTimeout(late)
          resolve()
        }
        waiting.add(admit)
      })
    },

    leave() {
      const [next] = waiting
      if (next === undefined) taken--
      else {
        waiting.delete(next)
        next()
      }
    },

    isIdle: () => taken === 0,
  }
}

/** One queue for each key there is work for: what is about one key is done one after the other. */
export function createTurns(waitMs: number): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, Queue>()
  return async (key, work) => {
    const queue = queues.get(key) ?? createQueue(1, waitMs)
    queues.set(key, queue)
    await queue.enter()
    try {
      return await work()
    } finally {
      queue.leave()
      if (queue.isIdle()) queues.delete(key)
    }
  }
}
