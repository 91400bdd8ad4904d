/**
 * Who the player is on this device: the studio's token, or a session of the relay's, renewed before it runs out. It is
 * one value with an epoch: whatever was asked, written or waited for in one epoch is neither sent nor shown in another.
 */

import { batch, computed, type ReadonlySignal, signal } from '@preact/signals-core'
import type { Session as Granted, LinkSent, NewSession, PlayerKind } from '../../server/contract/player.ts'
import type { TokenSource } from '../handle.ts'
import { forOne, type Identity, RelayProblem, superseded } from '../relay/call.ts'
import type { Clock } from './clock.ts'
import { createKeptSession, type Known } from './kept-session.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Storage } from './storage.ts'
import { expiryOf, type Owner, subjectOf, undecided } from './whose.ts'

export interface SessionParts {
  game: string
  storage: Storage
  clock: Clock
  /** See {@link Session.doubt}: from the start. */
  doubt: boolean
  /** `POST /sessions`. */
  ask(body: NewSession): Promise<Granted | LinkSent>
  /** `DELETE /session` with this very token, which is no longer the current one. */
  end(token: string): Promise<unknown>
  /** The studio should hand over a fresh token soon. */
  onExpiring(): void
  /**
   * Takes the player before off the screen, out of memory and out of what is under way.
   *
   * @param wipe out of what the browser keeps, too: the outbox and the files. Storage is wiped here.
   */
  onLeave(wipe: boolean): void
}

export interface Session extends Omit<Identity, 'person'> {
  /** Undefined until somebody is known here. */
  kind: ReadonlySignal<PlayerKind | undefined>
  owner: ReadonlySignal<Owner>
  /** The epoch: changes with whoever is here. */
  person: ReadonlySignal<number>
  /** The session ran out and cannot be renewed here. */
  ended: ReadonlySignal<boolean>
  /** An anonymous session from before the studio told who the player is; its tickets can be moved. */
  earlier: ReadonlySignal<string | undefined>
  /** Makes an anonymous player of nobody, on their first act. */
  begin(): Promise<void>
  signIn(source: TokenSource): void
  /**
   * With a token that came in a link, whoever has made it: it is never offered anybody's tickets.
   *
   * @param another where one can be had once this one has run out
   */
  signInByLink(token: string, another?: () => Promise<string>): void
  signOut(): void
  /** Makes somebody else of whoever was here: by a mailed code, or an anonymous player's recovery key. */
  enter(body: NewSession): Promise<void>
  /** Whoever is here, or has left something in this browser: the one that is expected, where several have. */
  known(expected?: string): Known | undefined
  /** Without another token. */
  canGoOn(): boolean
  /** It is asked who is to be here: until then it is nobody, and nothing goes out. Signing in ends it, or {@link trust}. */
  doubt(): void
  /** It is who it was. */
  trust(): void
  /** Another tab may have signed in or out. */
  look(): void
  recoveryKey(): string | undefined
  dropEarlier(): void
  /** Asks about them again with the next page. */
  hideEarlier(): void
  destroy(): void
}

interface Who {
  kind?: PlayerKind | undefined
  owner: Owner
  epoch: number
}

/** Time enough for one slow request before the token is refused. */
const marginMs = 60_000

export function createSession(parts: SessionParts): Session {
  const { game, storage, clock, ask, end, onExpiring, onLeave } = parts
  let inDoubt = parts.doubt
  const browser = createKeptSession(storage)
  const kept = () => (inDoubt ? undefined : browser.get())
  const who = signal<Who>({ ...stored(), epoch: 0 })
  const ended = signal(false)
  const earlier = signal<string | undefined>()
  /** The studio's name for whoever was last here; kept once they have written, so that the next one is told apart. */
  let player = browser.player()
  /** The browser keeps that name for this very player. */
  let remembered = false
  let source: TokenSource | undefined
  let current: string | undefined
  let callOff = () => {}

  /** Without the studio, it is whoever the browser keeps a session of. */
  function stored(): Omit<Who, 'epoch'> {
    const session = kept()
    if (inDoubt) return { owner: undecided }
    return session ? { kind: session.kind, owner: session.owner } : { owner: undefined }
  }
  /** The same person, of whom more is known by now. */
  const become = (kind: PlayerKind | undefined, owner: Owner) => {
    const { epoch } = who.peek()
    who.value = { kind, owner, epoch }
    ended.value = false
  }
  /** Nothing of the one before is left when the next one comes. */
  const leave = (wipe: boolean) => {
    callOff()
    renewing.leave()
    beginning.leave()
    onLeave(wipe)
    if (wipe) {
      storage.wipe()
      browser.reread()
    }
    who.value = { ...who.peek(), epoch: who.peek().epoch + 1 }
  }
  const keep = (granted: Granted | LinkSent) => {
    if (!('token' in granted)) return
    browser.keep(granted)
    become(granted.kind, kept()?.owner)
  }
  const lastsUntil = () => (source ? expiryOf(current) : Date.parse(kept()?.expiresAt ?? ''))
  const runsOut = () => lastsUntil() - clock.now() < marginMs

  const here = () => who.peek().epoch
  const token = async (): Promise<string | undefined> => {
    if (inDoubt || (!source && !kept())) return undefined
    if (source && !current) return renewing.run()
    if (runsOut() && (typeof source === 'function' || kept()?.recoveryKey)) return renewing.run()
    return source ? current : kept()?.token
  }
  const obtain = async (): Promise<string | undefined> => {
    const same = forOne(here)
    const asked = source
    if (typeof asked === 'function') {
      const fresh = same(await asked())
      // Another source may have taken its place while it thought.
      return asked === source ? hold(fresh) : token()
    }
    const recoveryKey = asked ? undefined : kept()?.recoveryKey
    if (!recoveryKey) {
      ended.value = true
      onExpiring()
      return undefined
    }
    const granted = await ask({ kind: 'recover', game, recoveryKey }).catch((error) => {
      // The relay keeps nothing of who has nothing there, or nothing any more: they begin anew.
      if (!(error instanceof RelayProblem) || error.code !== 'not_found') throw error
      return same(ask({ kind: 'anonymous', game }))
    })
    keep(same(granted))
    return kept()?.token
  }
  const renewing = oneAtATime(obtain)

  /** Takes up a token of the studio's. A token for somebody else first clears away whoever was here. */
  const hold = (token: string) => {
    const subject = subjectOf(token)
    batch(() => {
      if (player !== undefined && player !== subject) {
        leave(true)
        earlier.value = undefined
      }
      player = subject
      current = token
      remembered = browser.player() === subject
      become('verified', subject)
    })
    callOff()
    callOff = clock.after(Math.max(0, expiryOf(token) - clock.now() - marginMs), () => {
      if (typeof source !== 'function') onExpiring()
      else renewing.run().catch((error) => error.cause === superseded || onExpiring())
    })
    return token
  }
  const rememberPlayer = () => {
    browser.rememberPlayer(player, current)
    remembered = true
  }
  const becomeKnown = async (): Promise<void> => {
    const same = forOne(here)
    if (inDoubt) throw new RelayProblem('session_ended', {}, { cause: superseded })
    storage.set('acted', 1)
    if (source) {
      if (!current) same(await renewing.run())
      rememberPlayer()
      return
    }
    if (kept()) return browser.restore()
    const granted = same(await ask({ kind: 'anonymous', game }))
    // The studio may have said meanwhile who it is, or another tab have been faster.
    if (source) return becomeKnown()
    if (!kept()) keep(granted)
  }
  // Two files at once must not make two players.
  const beginning = oneAtATime(becomeKnown)
  const known = (expected?: string): Known | undefined => {
    // A verified player who has not written yet is known to this page alone.
    if (source && player) return { owner: player, token: current }
    return browser.known(who.peek().kind ? undefined : expected)
  }
  const takeUp = (next: TokenSource, merges: boolean) =>
    batch(() => {
      inDoubt = false
      const session = kept()
      // Whoever writes as nobody and then signs in is one person; whoever has a session of their own is another.
      if (who.peek().kind && !source) leave(false)
      source = next
      current = undefined
      renewing.leave()
      earlier.value = merges && session?.kind === 'anonymous' ? session.token : undefined
      become('verified', '')
      if (typeof next === 'string') hold(next)
    })
  /** It is whoever the browser keeps a session of, or nobody. */
  const giveUp = (wipe: boolean) =>
    batch(() => {
      inDoubt = false
      leave(wipe)
      source = current = player = earlier.value = undefined
      become(stored().kind, stored().owner)
    })

  return {
    kind: computed(() => who.value.kind),
    owner: computed(() => who.value.owner),
    person: computed(() => who.value.epoch),
    ended,
    earlier,
    token,
    async renew(refused) {
      const token = source ? current : kept()?.token
      return token !== refused ? token : renewing.run()
    },
    begin: beginning.run,
    signIn: (next) => takeUp(next, true),
    signInByLink(token, another) {
      const asked = inDoubt && known() !== undefined
      batch(() => {
        takeUp(another ?? token, false)
        hold(token)
      })
      // Whoever has said who they are is not asked again.
      if (asked) rememberPlayer()
    },
    signOut() {
      const token = source ? undefined : kept()?.token
      giveUp(true)
      if (token) end(token).catch(() => {})
    },
    async enter(body) {
      const granted = await ask(body)
      batch(() => {
        // What nobody has written yet is theirs: they had no key at hand when they began.
        giveUp(body.kind !== 'recover' || !!who.peek().kind)
        storage.set('acted', 1)
        keep(granted)
      })
    },
    known,
    canGoOn: () => !!source || !!browser.get(),
    doubt: () =>
      batch(() => {
        leave(false)
        inDoubt = true
        become(undefined, undecided)
      }),
    trust: () =>
      batch(() => {
        inDoubt = false
        leave(false)
        if (source) become('verified', player ?? '')
        else become(stored().kind, stored().owner)
      }),
    look() {
      browser.reread()
      if (inDoubt) return
      const { kind, owner } = who.peek()
      const next = stored()
      const left = browser.player()
      // What the studio has said here stands, unless whoever it was has signed out elsewhere.
      if (source) {
        if (remembered && left !== owner) giveUp(false)
      } else if (kind && next.owner !== owner) giveUp(false)
      else if (!kind && next.kind) become(next.kind, next.owner)
    },
    recoveryKey: () => (source ? undefined : kept()?.recoveryKey),
    dropEarlier() {
      earlier.value = undefined
      browser.drop()
    },
    hideEarlier() {
      earlier.value = undefined
    },
    destroy: () => callOff(),
  }
}
