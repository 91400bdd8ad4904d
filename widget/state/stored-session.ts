/** What this browser keeps of who was here: a session of the relay's, and the studio's name for a verified player who has written. */
import type { Session as Granted } from '../../server/contract/player.ts'
import { claimsOf, subjectOf } from './owner.ts'
import type { Storage } from './storage.ts'

/** With whom it was begun: a session that is begun anew, because the relay had nothing of theirs any more, is still theirs. */
export type OwnSession = Granted & { owner: string }

/** Somebody this device knows, as far as it knows them. */
export interface Known {
  owner: string
  name?: string | undefined
  /** Where one is at hand. */
  token?: string | undefined
}

/** A token that came in a link, for somebody else than is known here. */
export interface Arriving {
  token: string
  /** Asks the game for the next one. */
  another: (() => Promise<string>) | undefined
  known: Known
}

export interface StoredSession {
  /** As last read, unless somebody has just signed out: a game that clears the browser's storage has not done that. */
  get(): OwnSession | undefined
  keep(granted: Granted): void
  /** Whoever is here has acted: should it have been cleared, it is kept again. */
  restore(): void
  drop(): void
  /** Somebody may have signed out: what counts is what the browser keeps now. */
  reread(): void
  /** Somebody has signed out a moment ago, in whatever tab. */
  wiped(): boolean
  /** The studio's name for whoever of its players was last here. */
  player(): string | undefined
  /** The next one is to be told apart from them. */
  rememberPlayer(player: string | undefined, token: string | undefined): void
  /** @param expected the one to find where there are two: a player, and a guest whom they have left here */
  known(expected?: string): Known | undefined
}

export function createStoredSession(storage: Storage): StoredSession {
  let last: OwnSession | undefined
  const wiped = () => storage.get('wiped') !== undefined
  const reread = () => {
    last = undefined
  }
  const get = () => {
    const session = storage.get<Granted & { owner?: string }>('session')
    if (session) last = { ...session, owner: session.owner ?? ownerOf(session) }
    else if (wiped()) reread()
    return last
  }
  const player = () => storage.get<string>('player')
  return {
    get,
    keep(granted) {
      // Recovery may give a token without repeating the key.
      const recoveryKey = granted.recoveryKey ?? get()?.recoveryKey
      const owner = get()?.owner ?? ownerOf(granted)
      storage.set('session', { ...granted, owner, ...(recoveryKey && { recoveryKey }) })
    },
    restore() {
      if (last && !storage.get('session')) storage.set('session', last)
    },
    drop() {
      reread()
      storage.set('session', undefined)
    },
    reread,
    wiped,
    player,
    rememberPlayer(player, token) {
      storage.set('player', player)
      storage.set('name', claimsOf(token).name)
    },
    known(expected) {
      const owner = player()
      const session = get()
      if (session && (owner === undefined || owner !== expected)) return { owner: session.owner, token: session.token }
      return owner === undefined ? undefined : { owner, name: storage.get<string>('name') }
    },
  }
}

function ownerOf({ token, kind }: Granted): string {
  return subjectOf(token) || (kind === 'email' ? 'email:' : 'anon:')
}
