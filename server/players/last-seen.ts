/** Who was seen lately: gathered in memory and written down now and then, once a day a player, so that reading stays reading. */
import type { Clock } from '../runtime/clock.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'

export interface LastSeen {
  /** A player has called. */
  note: (player: PlayerKey) => void
  /** Writes down who has. */
  flush: () => Promise<void>
}

/** How far what is written down may lag behind. */
export const coarseMs = 86_400_000
/** Between two flushes: a bound on memory. Whoever comes beyond it is noted with a later call of theirs. */
const mostNoted = 100_000
const inOneStatement = 500

export function createLastSeen({ store, clock }: { store: Pick<Store, 'players'>; clock: Clock }): LastSeen {
  const noted = new Set<PlayerKey>()

  return {
    note(player) {
      if (noted.size < mostNoted) noted.add(player)
    },

    async flush() {
      const now = clock.now()
      const before = new Date(now.getTime() - coarseMs)
      const players = [...noted]
      while (players.length > 0) {
        const some = players.splice(0, inOneStatement)
        await store.players.see(some, now, before)
        for (const player of some) noted.delete(player)
      }
    },
  }
}
