/**
 * Who the player is on this device: the studio's token, or a session of the relay's, renewed before it runs out. It is
 * one value with an epoch: whatever was asked, written or waited for in one epoch is neither sent nor shown in another.
 */

import { batch, computed, signal } from '@preact/signals-core'
import type { Session as Granted, LinkSent, PlayerKind } from '../../server/contract/player.ts'
import type { FailureCode, TokenSource } from '../handle.ts'
import { lazyImport } from '../lazy-import.ts'
import { forOne, RelayProblem, superseded } from '../relay/call.ts'
import { type Owner, renewInMs, subjectOf, undecided } from './owner.ts'
import type { Session, SessionParts } from './session-types.ts'
import { createSharedSession, recover } from './shared-session.ts'
import { singleFlight } from './single-flight.ts'
import { createStoredSession, type Known } from './stored-session.ts'
import type { StudioCalls } from './studio-calls.ts'

interface Who {
  kind?: PlayerKind | undefined
  owner: Owner
  epoch: number
}

const fetchStudioCalls = lazyImport(() => import('./studio-calls.ts'))

/** How soon it is looked again whether the studio may be asked. */
const againMs = 5000

export function createSession(parts: SessionParts): Session {
  const { game, storage, clock, ask, end, onExpiring, onLeave } = parts
  let inDoubt = parts.doubt
  const browser = createStoredSession(storage)
  const kept = () => (inDoubt ? undefined : browser.get())
  let source: TokenSource | undefined
  let current: string | undefined
  const who = signal<Who>({ ...whoIsHere(), epoch: 0 })
  const here = () => who.peek().epoch
  const ended = signal<FailureCode | undefined>()
  const earlier = signal<string | undefined>()
  /** The studio's name for whoever was last here; kept once they have written, so that the next one is told apart. */
  let player = browser.player()
  /** The browser keeps that name for this very player. */
  let remembered = false
  let callOff = () => {}
  const one = createSharedSession({ game, clock, kept: () => storage.get<Granted>('session')?.token, keep, end })
  let studio: StudioCalls | undefined
  /** Rises with every source, and with whoever is here. */
  let asking = 0

  /** Without the studio, it is whoever the browser keeps a session of. */
  function whoIsHere(): Omit<Who, 'epoch'> {
    const session = kept()
    if (inDoubt) return { owner: undecided }
    if (source) return { kind: 'verified', owner: (current && player) ?? '' }
    return { kind: session?.kind, owner: session?.owner }
  }
  /** The same person, of whom more is known by now; or the next one. */
  const become = () => {
    who.value = { ...whoIsHere(), epoch: here() }
    ended.value = undefined
  }
  /** Nothing of the one before is left when the next one comes. */
  const leave = (wipe: boolean) => {
    callOff()
    drop()
    beginning.leave()
    onLeave(wipe)
    if (wipe) {
      // A verified player who has written nothing is known to their tabs alone.
      storage.wipe(player)
      browser.reread()
    }
    who.value = { ...who.peek(), epoch: here() + 1 }
  }
  function keep(granted: Granted | LinkSent) {
    if (!('token' in granted)) return
    browser.keep(granted)
    become()
  }
  const token = async (): Promise<string | undefined> => {
    look()
    if (inDoubt) return undefined
    // How long a kept one lasts only the relay can tell: this device's clock may be wrong, and the page younger.
    return source ? (current ?? renewing.run()) : kept()?.token
  }
  /** Only whom a studio knows needs it. */
  const ready = async (): Promise<StudioCalls> => {
    const { createStudioCalls } = await fetchStudioCalls()
    studio ??= createStudioCalls({
      game,
      clock,
      hold: (token) => hold(token, true),
      offer(token) {
        if (typeof source === 'function' && !inDoubt && player && subjectOf(token) === player) hold(token, true)
      },
    })
    return studio
  }
  const askStudio = async (asked: () => Promise<string>): Promise<string | undefined> => {
    const same = forOne(here)
    const mine = asking
    try {
      const calls = await ready()
      if (mine === asking) await calls.ask(asked)
    } catch (cause) {
      same(0)
      if (mine === asking) {
        // While the token before still holds, nobody has to know.
        if (!current) ended.value = 'sign_in_failed'
        callOff()
        callOff = clock.after(againMs * (1 + Math.random()), () => renewing.run().catch(() => {}))
        throw new RelayProblem('sign_in_failed', {}, { cause })
      }
    }
    same(0)
    // Another source may have taken its place while it thought.
    return token()
  }
  const obtain = async (): Promise<string | undefined> => {
    if (typeof source === 'function') return askStudio(source)
    const recoveryKey = source ? undefined : kept()?.recoveryKey
    if (!recoveryKey) {
      ended.value = 'session_ended'
      onExpiring()
      return undefined
    }
    await settle(() => recover(ask, game, recoveryKey))
    return token()
  }
  const renewing = singleFlight(obtain)
  /** Whoever waits for a token waits no longer. */
  const drop = () => {
    asking += 1
    renewing.leave()
    studio?.abandon()
  }
  /** Makes a session of the relay's the one of every tab. */
  const settle = async (asked: () => Promise<Granted | LinkSent>): Promise<void> => {
    const same = forOne(here)
    const epoch = here()
    await one.obtain(asked, () => here() !== epoch || !!source)
    look('session')
    same(0)
  }
  /** Takes up a token of the studio's. A token for somebody else first clears away whoever was here. */
  const hold = (token: string, isAsked = false) => {
    const subject = subjectOf(token)
    batch(() => {
      if (player !== undefined && player !== subject) {
        leave(true)
        earlier.value = undefined
      }
      player = subject
      current = token
      remembered = browser.player() === subject
      become()
    })
    callOff()
    callOff = clock.after(renewInMs(token, isAsked), () => {
      if (typeof source !== 'function') return onExpiring()
      renewing.run().catch((error) => error.cause === superseded || onExpiring())
    })
  }
  const rememberPlayer = () => {
    browser.rememberPlayer(player, current)
    remembered = true
  }
  const becomeKnown = async (): Promise<void> => {
    const same = forOne(here)
    look()
    same(0)
    if (inDoubt) throw new RelayProblem('session_ended', {}, { cause: superseded })
    storage.set('acted', 1)
    if (source) {
      if (!current) same(await renewing.run())
      rememberPlayer()
      return
    }
    if (kept()) return browser.restore()
    await settle(() => ask({ kind: 'anonymous', game }))
    // The studio may have said meanwhile who it is.
    if (source) return becomeKnown()
  }
  // Two files at once must not make two players.
  const beginning = singleFlight(becomeKnown)
  const known = (expected?: string): Known | undefined => {
    // A verified player who has not written yet is known to this page alone.
    if (source && player) return { owner: player, token: current }
    return browser.known(who.peek().kind ? undefined : expected)
  }
  /**
   * Whoever writes as nobody and then signs in is one person; whoever has a session of their own is another, and so is
   * whoever comes by a link where no name was known.
   */
  const isAnother = (merges: boolean) => (merges ? !source && !!who.peek().kind : !current)
  const takeUp = (next: TokenSource, merges: boolean) =>
    batch(() => {
      inDoubt = false
      const session = kept()
      if (isAnother(merges)) leave(false)
      source = next
      current = undefined
      remembered = false
      drop()
      earlier.value = merges && session?.kind === 'anonymous' ? session.token : undefined
      become()
      if (typeof next === 'string') hold(next)
    })
  /** It is whoever the browser keeps a session of, or nobody. */
  const giveUp = (wipe: boolean) =>
    batch(() => {
      inDoubt = false
      leave(wipe)
      if (wipe) studio?.free()
      source = current = player = earlier.value = undefined
      remembered = false
      become()
    })
  const signOut = () => {
    const left = source ? undefined : kept()
    giveUp(true)
    if (!left) return
    end(left.token).catch(() => {})
    const epoch = here()
    one.after(() => {
      // Another tab was renewing it just then, and has kept it again.
      if (here() === epoch && kept()?.owner === left.owner) signOut()
    })
  }
  /** What the studio has said here stands, unless whoever it was has signed out elsewhere. */
  const lookForPlayer = (heard: string | undefined, left: string | undefined) => {
    const isReplaced = remembered && left !== player && (heard || left !== undefined || browser.wiped())
    if (player === undefined || (!isReplaced && heard !== `wiped=${JSON.stringify(player)}`)) return
    if (current) return giveUp(false)
    // The next one has come here by now, and their token is still to come.
    batch(() => {
      leave(false)
      player = browser.player()
      remembered = false
      become()
    })
  }
  /**
   * Word of another tab's signing in or out may come later than the next thing that is to leave this page.
   *
   * @param heard such word; without it, that nothing is kept says nothing: a game may have cleared it
   */
  function look(heard?: string) {
    if (heard) browser.reread()
    const left = browser.player()
    remembered ||= !!source && left !== undefined && left === player
    if (inDoubt) return
    if (source) return lookForPlayer(heard, left)
    const { kind, owner } = who.peek()
    const next = whoIsHere()
    if (kind && next.owner !== owner) giveUp(false)
    else if (!kind && next.kind) become()
  }

  return {
    kind: computed(() => who.value.kind),
    owner: computed(() => who.value.owner),
    person: computed(() => who.value.epoch),
    ended,
    earlier,
    token,
    async renew(refused) {
      const token = source ? current : kept()?.token
      if (typeof source !== 'function') return token === refused ? renewing.run() : token
      if (token && token !== refused) return token
      if (token) studio?.refused()
      current = undefined
      // Where there is none to be had, what the relay has answered says more.
      return renewing.run().catch(() => undefined)
    },
    begin: beginning.run,
    signIn(next) {
      takeUp(next, true)
      if (typeof next === 'function') renewing.run().catch(() => {})
    },
    signInByLink(token, another) {
      const asked = inDoubt && known() !== undefined
      batch(() => {
        takeUp(another ?? token, false)
        hold(token)
      })
      // Whoever has said who they are is not asked again.
      if (asked) rememberPlayer()
    },
    signOut,
    async enter(body) {
      const same = forOne(here)
      const asked = source
      const granted = same(await ask(body))
      // The studio may have said meanwhile who it is.
      if (asked !== source) throw new RelayProblem('session_ended', {}, { cause: superseded })
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
        become()
      }),
    trust: () =>
      batch(() => {
        inDoubt = false
        leave(false)
        become()
        // Another tab may have signed out meanwhile; in one breath, or something would go out before.
        look('player')
      }),
    look(name = 'player', value) {
      // What else is kept says nothing of who it is, and a game may have cleared what does.
      if (/^(session|player|wiped)$/.test(name)) look(`${name}=${value}`)
    },
    recoveryKey: () => (source ? undefined : kept()?.recoveryKey),
    dropEarlier() {
      earlier.value = undefined
      browser.drop()
    },
    hideEarlier() {
      earlier.value = undefined
    },
    destroy() {
      callOff()
      source = undefined
      drop()
      studio?.destroy()
    },
  }
}
