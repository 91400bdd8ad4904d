/** One session of the relay's for all tabs of a game: a later one would overwrite the token and the recovery key of an earlier. */

import type { Session as Granted, LinkSent, NewSession } from '../../server/contract/player.ts'
import { RelayProblem } from '../relay/call.ts'
import type { Clock } from './clock.ts'
import { underLock } from './tab-lock.ts'

export interface SharedSessionParts {
  game: string
  clock: Clock
  /** The token that the browser keeps. */
  kept(): string | undefined
  keep(granted: Granted | LinkSent): void
  /** Ends the session of this token. */
  end(token: string): Promise<unknown>
}

/** Longer than the one call to the relay that another tab may have under way. */
const timeoutMs = 40_000
/** Another process may hear of the lock before it hears of what was kept under it; and where there are no locks, of both. */
const settleMs = 100

export function createSharedSession({ game, clock, kept, keep, end }: SharedSessionParts) {
  const lock = `medkit:${game}:session`
  return {
    /**
     * Whoever comes second takes what the first one has kept, and ends their own.
     *
     * @param isLeft nobody waits for it any more
     */
    obtain(ask: () => Promise<Granted | LinkSent>, isLeft: () => boolean): Promise<void> {
      const before = kept()
      const isOver = () => isLeft() || kept() !== before
      const run = async () => {
        if (isOver()) return
        const granted = await ask()
        if (!isOver()) {
          keep(granted)
          await new Promise<void>((resolve) => clock.after(settleMs, resolve))
        }
        if ('token' in granted && kept() !== granted.token) end(granted.token).catch(() => {})
      }
      return underLock(lock, run, timeoutMs)
    },
    /** Once no tab is about to keep one. */
    after: (run: () => void) => underLock(lock, async () => run()),
  }
}

/** Begins anew for whom the relay has nothing of, or nothing any more. */
export async function recover(
  ask: (body: NewSession) => Promise<Granted | LinkSent>,
  game: string,
  recoveryKey: string,
): Promise<Granted | LinkSent> {
  try {
    return await ask({ kind: 'recover', game, recoveryKey })
  } catch (error) {
    if (!(error instanceof RelayProblem) || error.code !== 'not_found') throw error
    return ask({ kind: 'anonymous', game })
  }
}
