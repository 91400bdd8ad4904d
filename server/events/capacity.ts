/** How many event streams there are room for: each holds a connection, whoever has opened it. */
import type { StreamQuota } from '../config/limits.ts'
import { networkOf } from '../runtime/network.ts'
import { Refusal } from '../runtime/refusal.ts'

/** Whoever finds no room asks now and then instead, which the widget does by itself. */
const retryAfterSeconds = 60

export interface Capacity {
  /**
   * @returns what gives the place back
   * @throws Refusal `overloaded`, or `rate_limited` where only this address has taken its share
   */
  take: (address: string | undefined) => () => void
}

export function createCapacity(room: StreamQuota): Capacity {
  const taken = new Map<string, number>()
  let total = 0

  return {
    take(address) {
      const network = address === undefined ? '' : networkOf(address)
      const own = taken.get(network) ?? 0
      if (own >= room.address) throw new Refusal('rate_limited', { retryAfterSeconds })
      if (total >= room.total) throw new Refusal('overloaded', { retryAfterSeconds })
      taken.set(network, own + 1)
      total += 1
      let isGivenBack = false
      return () => {
        if (isGivenBack) return
        isGivenBack = true
        total -= 1
        const left = (taken.get(network) ?? 1) - 1
        if (left > 0) taken.set(network, left)
        else taken.delete(network)
      }
    },
  }
}
