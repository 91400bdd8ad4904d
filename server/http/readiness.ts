/** Whether a load balancer should send anybody here: not to a ledger that takes nothing, nor to a relay that is about to end. */
import type { Timers } from '../runtime/clock.ts'
import type { Store } from '../store/store.ts'

export interface Readiness {
  /** `ending`: it still answers everything, for those who have not heard of it yet. */
  state: () => Promise<'ready' | 'ending' | 'store_unavailable'>
  /** From now on it is `ending`. */
  end: () => void
}

/** Whoever asks, and however often: the ledger is written to no more often than that. */
const freshMs = 1_000

export function createReadiness({ store, timers }: { store: Pick<Store, 'isWritable'>; timers: Timers }): Readiness {
  let isEnding = false
  let heard: { atMs: number; isWritable: boolean } | undefined
  let underWay: Promise<boolean> | undefined

  function isWritable(): Promise<boolean> {
    if (heard && timers.elapsedMs() - heard.atMs < freshMs) return Promise.resolve(heard.isWritable)
    underWay ??= ask().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  async function ask(): Promise<boolean> {
    const isWritable = await store.isWritable()
    heard = { atMs: timers.elapsedMs(), isWritable }
    return isWritable
  }

  return {
    async state() {
      if (isEnding) return 'ending'
      const isGood = await isWritable()
      if (isEnding) return 'ending'
      return isGood ? 'ready' : 'store_unavailable'
    },
    end: () => {
      isEnding = true
    },
  }
}
