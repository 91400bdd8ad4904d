/** Sessions as the tabs of one browser have them: over the same storage, with real locks and channels, in virtual time. */
import type { Session as Granted, NewSession } from '../../server/contract/player.ts'
import type { Clock } from '../../widget/state/clock.ts'
import { createSession } from '../../widget/state/session.ts'
import type { Session, SessionParts } from '../../widget/state/session-types.ts'
import { createStorage } from '../../widget/state/storage.ts'
// Fetched by the first tab that needs it, which takes time: here it has come before.
import '../../widget/state/studio-calls.ts'

export const minuteMs = 60_000

export interface Tab extends Session {
  /** The sessions it has ended at the relay. */
  ends: string[]
}

export interface TabParts {
  game: string
  clock: Clock
  ask?(body: NewSession): Promise<Granted>
  onExpiring?(): void
}

export function openTab({ game, clock, ask, onExpiring = () => {} }: TabParts): Tab {
  const ends: string[] = []
  const parts: SessionParts = {
    game,
    clock,
    storage: createStorage(game),
    doubt: false,
    ask: ask ?? (() => Promise.reject(Error('nobody is to begin a session'))),
    end: async (token) => ends.push(token),
    onExpiring,
    onLeave() {},
  }
  return { ...createSession(parts), ends }
}

/** As the relay's, or a studio's: unsigned, because only the relay looks at signatures. */
export function tokenOf(sub: string, claims: object = {}): string {
  return `e30.${btoa(JSON.stringify({ sub, ...claims }))}.c2ln`
}

export function claimsIn(token = ''): { sub?: string; exp?: number } {
  return JSON.parse(atob(token.split('.')[1] ?? btoa('{}')))
}
