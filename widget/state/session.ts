/** Who the player is on this device: the studio's token, or a session of the relay's, renewed before it runs out. */

import { batch, type ReadonlySignal, signal } from '@preact/signals-core'
import type { Session as Granted, LinkSent, NewSession, PlayerKind } from '../../server/contract/player.ts'
import type { TokenSource } from '../handle.ts'
import { type Identity, RelayProblem } from '../relay/call.ts'
import type { Clock } from './clock.ts'
import type { Storage } from './storage.ts'

export interface SessionParts {
  game: string
  storage: Storage
  clock: Clock
  /** `POST /sessions`. */
  ask(body: NewSession): Promise<Granted | LinkSent>
  /** `DELETE /session` with this very token, which is no longer the current one. */
  end(token: string): Promise<unknown>
  /** The studio should hand over a fresh token soon. */
  onExpiring(): void
  /** Forget the player before: what is in memory and in the outbox. Storage is wiped here. */
  onForget(): void
}

export interface Session extends Omit<Identity, 'person'> {
  /** Undefined until somebody is known here. */
  kind: ReadonlySignal<PlayerKind | undefined>
  /** The studio's name for a verified player, empty until the first token has come; undefined for everybody else. */
  owner: ReadonlySignal<string | undefined>
  /** Counts how often somebody was wiped from here. */
  person: ReadonlySignal<number>
  /** The session ran out and cannot be renewed here. */
  ended: ReadonlySignal<boolean>
  /** An anonymous session from before the studio told who the player is; its tickets can be moved. */
  earlier: ReadonlySignal<string | undefined>
  /** Makes an anonymous player of nobody, on their first act. */
  begin(): Promise<void>
  signIn(source: TokenSource): void
  signOut(): void
  /** Makes somebody else of whoever was here: by a mailed code, or an anonymous player's recovery key. */
  enter(body: NewSession): Promise<void>
  recoveryKey(): string | undefined
  dropEarlier(): void
  /** Asks about them again with the next page. */
  hideEarlier(): void
  destroy(): void
}

/** Time enough for one slow request before the token is refused. */
const marginMs = 60_000

export function createSession({ game, storage, clock, ask, end, onExpiring, onForget }: SessionParts): Session {
  const kind = signal<PlayerKind | undefined>(storage.get<Granted>('session')?.kind)
  const ended = signal(false)
  const person = signal(0)
  const earlier = signal<string | undefined>()
  /** The studio's name for whoever was last here; kept once they have written, so that the next one is told apart. */
  let player = storage.get<string>('player')
  const owner = signal<string | undefined>()
  let source: TokenSource | undefined
  let current: string | undefined
  let renewing: Promise<string | undefined> | undefined
  let beginning: Promise<void> | undefined
  let callOff = () => {}

  const kept = () => storage.get<Granted>('session')
  const keep = (granted: Granted | LinkSent) => {
    if (!('token' in granted)) return
    // Recovery may give a token without repeating the key.
    const recoveryKey = granted.recoveryKey ?? kept()?.recoveryKey
    storage.set('session', { ...granted, ...(recoveryKey && { recoveryKey }) })
    kind.value = granted.kind
    ended.value = false
  }

  const forget = () => {
    onForget()
    storage.wipe()
    person.value = person.peek() + 1
  }
  const lastsUntil = () => (source ? expiryOf(current) : Date.parse(kept()?.expiresAt ?? ''))
  const runsOut = () => lastsUntil() - clock.now() < marginMs

  const obtain = async (): Promise<string | undefined> => {
    if (typeof source === 'function') return hold(await source())
    const recoveryKey = source ? undefined : kept()?.recoveryKey
    if (!recoveryKey) {
      ended.value = true
      onExpiring()
      return undefined
    }
    const granted = await ask({ kind: 'recover', game, recoveryKey }).catch((error) => {
      // The relay keeps nothing of who has nothing there, or nothing any more: they begin anew.
      if (!(error instanceof RelayProblem) || error.code !== 'not_found') throw error
      return ask({ kind: 'anonymous', game })
    })
    keep(granted)
    return kept()?.token
  }
  /** Once for all the calls that wait. */
  const renewOnce = () => {
    renewing ??= obtain().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  /** Takes up a token of the studio's. A token for somebody else first clears away whoever was here. */
  const hold = (token: string) => {
    const subject = subjectOf(token)
    batch(() => {
      if (player !== undefined && player !== subject) forget()
      player = owner.value = subject
      current = token
      kind.value = 'verified'
      ended.value = false
    })
    callOff()
    callOff = clock.after(Math.max(0, expiryOf(token) - clock.now() - marginMs), () => {
      if (typeof source === 'function') renewOnce().catch(onExpiring)
      else onExpiring()
    })
    return token
  }

  const becomeKnown = async () => {
    storage.set('acted', 1)
    if (source) {
      if (!current) await renewOnce()
      storage.set('player', player)
    } else if (!kept()) keep(await ask({ kind: 'anonymous', game }))
  }

  return {
    kind,
    owner,
    person,
    ended,
    earlier,
    async token() {
      if (!source && !kept()) return undefined
      if (source && !current) return renewOnce()
      if (runsOut() && (typeof source === 'function' || kept()?.recoveryKey)) return renewOnce()
      return source ? current : kept()?.token
    },
    async renew(refused) {
      const token = source ? current : kept()?.token
      return token !== refused ? token : renewOnce()
    },
    begin() {
      // Two files at once must not make two players.
      beginning ??= becomeKnown().finally(() => {
        beginning = undefined
      })
      return beginning
    },
    signIn(next) {
      const anonymous = kept()
      batch(() => {
        source = next
        current = undefined
        if (anonymous?.kind === 'anonymous') earlier.value = anonymous.token
        kind.value = 'verified'
        owner.value = ''
        ended.value = false
        if (typeof next === 'string') hold(next)
      })
    },
    signOut() {
      const token = source ? undefined : kept()?.token
      source = current = player = undefined
      callOff()
      batch(() => {
        owner.value = undefined
        forget()
        earlier.value = undefined
        ended.value = false
        kind.value = undefined
      })
      if (token) end(token).catch(() => {})
    },
    async enter(body) {
      const granted = await ask(body)
      batch(() => {
        forget()
        storage.set('acted', 1)
        keep(granted)
      })
    },
    recoveryKey: () => (source ? undefined : kept()?.recoveryKey),
    dropEarlier() {
      earlier.value = undefined
      storage.set('session', undefined)
    },
    hideEarlier() {
      earlier.value = undefined
    },
    destroy: () => callOff(),
  }
}

function claimsOf(token = ''): { exp?: number; sub?: string } {
  try {
    return JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')))
  } catch {
    return {}
  }
}

/** In the browser's milliseconds; a token that does not say lasts until the relay refuses it. */
function expiryOf(token: string | undefined): number {
  const { exp } = claimsOf(token)
  return exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000
}

function subjectOf(token: string): string {
  return claimsOf(token).sub ?? ''
}
