/** What a studio's code holds in its hand: the same shape from the script tag, from npm and on the full page. */
import type { ProblemCode } from '../server/contract/problem-code.ts'
import type { Position, Scheme } from '../server/contract/theme.ts'
import type { Words } from './words/en.ts'

/**
 * A token the studio signed, or a way to get a fresh one: asked again before the token ends and once the relay refuses it,
 * by all tabs together twice a minute at most. It has 20 s to answer.
 */
export type TokenSource = string | (() => Promise<string>)

/** Where the panel opens. */
export type View = 'new' | 'tickets' | { ticket: string }

/** What the new ticket starts with; the player can change all of it. */
export interface Draft {
  message?: string
  category?: string
  fields?: Record<string, string>
}

/**
 * Why something did not work: a code of the relay's, no way to reach it, something else that answered in its place, or no
 * token to be had from the studio's function.
 */
export type FailureCode = ProblemCode | 'offline' | 'not_an_answer' | 'sign_in_failed'

/**
 * What the page does to the widget. `removed_from_page`: it takes the widget's element away each time it is put back.
 * `second_game`: it has a script tag for another game, which does nothing.
 */
export type PageProblemCode = 'removed_from_page' | 'second_game'

/** What {@link Medkit.on} can be told, and what each tells. */
export interface MedkitEvents {
  ready: undefined
  open: undefined
  close: undefined
  unread: { count: number; unanswered: number }
  'ticket-opened': { id: string; number: string }
  'token-expiring': undefined
  problem: { code: FailureCode | PageProblemCode }
}

/** Tells every listener. */
export type Emit = <E extends keyof MedkitEvents>(event: E, detail: MedkitEvents[E]) => void

/** One thing {@link Medkit.doctor} looked at. `detail` is for the engineer who reads it, in English. */
export interface Finding {
  check:
    | 'relay'
    | 'origin'
    | 'clock'
    | 'storage'
    | 'outbox'
    | 'policy'
    | 'page'
    | 'tags'
    | 'overlay'
    | 'files'
    | 'stream'
  ok: boolean
  detail: string
}

/** The widget's look on this page: wins over the relay's configuration. */
export interface MountTheme {
  /** The one colour that all others are made of, such as `#3557c9`. */
  accent?: string | undefined
  scheme?: Scheme | undefined
  position?: Position | undefined
}

export interface MountOptions {
  /** The game's key in the relay's configuration. */
  game: string
  /** Address of the relay; the page's own origin when absent. */
  relay?: string
  token?: TokenSource
  /** BCP 47; the browser's own when absent. */
  locale?: string
  /** Draws the panel inside this element, always open and without a launcher, instead of docked to the window. */
  target?: Element
  /** `false` when the game has its own button and calls {@link Medkit.open}. */
  launcher?: boolean
  /** For a `style-src` with a nonce, in engines without constructable style sheets. */
  nonce?: string
  theme?: MountTheme
  /** Sentences the studio wants to say its own way, in every language. */
  words?: Partial<Words>
  /** Asked once a ticket is sent. *Claimed*: agents see that nobody has proved it. */
  metadata?: () => Record<string, string>
}

export interface Medkit {
  open(view?: View, draft?: Draft): void
  close(): void
  /** Takes everything off the page: elements, listeners, timers, streams. What the player has not sent stays on the device. */
  destroy(): void
  signIn(token: TokenSource): void
  /** Wipes memory and storage before anything else is shown. */
  signOut(): void
  setMetadata(metadata: Record<string, string>): void
  addBreadcrumb(text: string): void
  /** Adds a file to what the player is writing. */
  attach(file: File): void
  /** While busy, nothing draws the eye: no badge, and the game pad stays the game's. */
  setBusy(busy: boolean): void
  /** @returns takes the listener off again. */
  on<E extends keyof MedkitEvents>(event: E, listener: (detail: MedkitEvents[E]) => void): () => void
  doctor(): Promise<Finding[]>
}
