/** Who the player is on this device, as the rest of the panel sees it, and what it takes to know. */

import type { ReadonlySignal } from '@preact/signals-core'
import type { Session as Granted, LinkSent, NewSession, PlayerKind } from '../../server/contract/player.ts'
import type { FailureCode, TokenSource } from '../handle.ts'
import type { Credentials } from '../relay/call.ts'
import type { Clock } from './clock.ts'
import type { Owner } from './owner.ts'
import type { Storage } from './storage.ts'
import type { Known } from './stored-session.ts'

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

export interface Session extends Omit<Credentials, 'person'> {
  /** Undefined until somebody is known here. */
  kind: ReadonlySignal<PlayerKind | undefined>
  owner: ReadonlySignal<Owner>
  /** The epoch: changes with whoever is here. */
  person: ReadonlySignal<number>
  /**
   * Why nothing can be asked as this player: `session_ended` for good, `sign_in_failed` until the studio's function gives a
   * token again.
   */
  ended: ReadonlySignal<FailureCode | undefined>
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
  /** It is who it was, unless they have signed out in another tab. */
  trust(): void
  /** Another tab may have signed in or out: see {@link Storage.onElsewhere}. */
  look(name?: string, value?: string | null): void
  recoveryKey(): string | undefined
  dropEarlier(): void
  /** Asks about them again with the next page. */
  hideEarlier(): void
  destroy(): void
}
