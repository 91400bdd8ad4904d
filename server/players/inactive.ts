/** Players who stay away: what of theirs nobody can come back for goes, and then they do. */
import type { Clock } from '../runtime/clock.ts'
import type { Unseen, UnseenCursor } from '../store/inactive-players.ts'
import type { Ledger, Store } from '../store/store.ts'
import { coarseMs, type LastSeen } from './last-seen.ts'
import { sessionDays } from './session.ts'

export interface InactivePlayersParts {
  store: Store
  clock: Clock
  lastSeen: Pick<LastSeen, 'flush'>
}

export interface Leave {
  /** Looks at some of those longest unseen, and goes on from there the next time. @returns whether anything went */
  sweep: () => Promise<boolean>
}

const dayMs = 86_400_000
/** After the last token of theirs has run out, with a day for what is known of them late, and one for clocks that disagree. */
export const tokenlessDays = sessionDays + coarseMs / dayMs + 1
/** Tickets without text lead a player to what the vendor still has, and an erasure to all of it: for three years. */
export const forgottenDays = 1_095
const playersAtOnce = 500
const ticketsAtOnce = 500

export function createInactivePlayers({ store, clock, lastSeen }: InactivePlayersParts): Leave {
  let after: UnseenCursor | undefined

  async function sweep(): Promise<boolean> {
    // Who is just back must not be gone a moment later.
    await lastSeen.flush()
    const nowMs = clock.now().getTime()
    const unseen = {
      tokenless: new Date(nowMs - tokenlessDays * dayMs),
      forgotten: new Date(nowMs - forgottenDays * dayMs),
    }
    const page = await store.unseen.list(unseen.tokenless, playersAtOnce, after)
    after = page.length === playersAtOnce ? page.at(-1) : undefined
    if (page.length === 0) return false
    const players = page.map(({ player }) => player)
    const shells = await store.unseen.shells(players, unseen, ticketsAtOnce)
    const gone = shells.length > 0 ? await store.transaction((ledger) => dropShells(ledger, shells, unseen)) : 0
    const left = await store.unseen.drop(players, unseen.tokenless)
    if (left > 0) await store.recoveryKeys.sweep(players)
    return left + gone > 0
  }

  return { sweep }
}

async function dropShells(ledger: Ledger, shells: Parameters<Ledger['tickets']['forget']>[0], unseen: Unseen) {
  const gone = await ledger.unseen.dropShells(shells, unseen)
  if (gone.length === 0) return 0
  await ledger.tickets.unlink(gone)
  await ledger.copies.forget(gone)
  return gone.length
}
