/** What every view stands on, put together once for each panel. What writing needs comes later: see `writing.ts`. */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals-core'
import type { PlayerEvent } from '../../server/contract/event.ts'
import type { Game } from '../../server/contract/game.ts'
import type { Emit, FailureCode } from '../handle.ts'
import { createDiagnostics, type Diagnostics } from '../play/diagnostics.ts'
import { type Call, createCall, type Identity } from '../relay/call.ts'
import type { StartOptions } from '../start.ts'
import { createSpeech, type Speech } from '../words/words.ts'
import type { Clock } from './clock.ts'
import { type Connection, createConnection } from './connection.ts'
import { createNotices, type Notices } from './notices.ts'
import { createRouter, type Router } from './route.ts'
import { createSession, type Session } from './session.ts'
import { createStorage, type Storage, wipeShelves } from './storage.ts'
import { createTickets, guarded, type Tickets } from './tickets.ts'
import type { Writing } from './writing.ts'

export type Mode = 'docked' | 'inline' | 'page'

export interface SupportParts {
  options: StartOptions
  mode: Mode
  closable: boolean
  /** The game chooses files, where the webview cannot. */
  pickFile: (() => void) | undefined
  clock: Clock
  fetch: typeof fetch
  emit: Emit
  close(): void
  /** Fetches the half of the panel that writes, and has it ready. */
  prepareWriting(): Promise<typeof import('../panel/writing.tsx')>
}

export interface Support extends Omit<SupportParts, 'fetch'> {
  storage: Storage
  call: Call
  identity: Identity
  speech: Speech
  game: ReadonlySignal<Game | undefined>
  gameFailure: ReadonlySignal<FailureCode | undefined>
  loadGame(): Promise<void>
  session: Session
  tickets: Tickets
  connection: Connection
  notices: Notices
  router: Router
  diagnostics: Diagnostics
  /** There once somebody means to write, or has left something unsent. */
  writing: Signal<Writing | undefined>
  open: Signal<boolean>
  busy: Signal<boolean>
  /** Played with a pad, and likely from a couch. */
  pad: Signal<boolean>
  /** Two panes fit side by side. */
  wide: Signal<boolean>
  /** Nobody is known here, and nobody may stay unknown. */
  mustSignIn: ReadonlySignal<boolean>
  /** Closes one thing at a time: the word after an act, the view, the panel. */
  back(): void
  /** Tells every event of the relay's. @returns takes the listener off. */
  hear(listener: (event: PlayerEvent) => void): () => void
  /** Runs an act of the player's; a refusal becomes a notice. */
  act(run: () => Promise<unknown>): Promise<void>
  destroy(): void
}

export function createSupport({ fetch, ...parts }: SupportParts): Support {
  const { options, mode, clock, emit } = parts
  const { game: key, relay } = options
  const storage = createStorage(key)
  const speech = createSpeech(options.words)
  const router = createRouter()
  const notices = createNotices(clock)
  const diagnostics = createDiagnostics(clock.now)
  const game = signal<Game | undefined>()
  const gameFailure = signal<FailureCode | undefined>()
  const writing = signal<Writing | undefined>()
  const listeners = new Set<(event: PlayerEvent) => void>()

  // The calls need the session's token, and the session is made by calls: each reaches the other through here.
  const identity: Identity = {
    token: () => session.token(),
    renew: (refused) => session.renew(refused),
    person: () => session.person.peek(),
  }
  const call = createCall({ relay, fetch, identity })
  const session: Session = createSession({
    game: key,
    storage,
    clock,
    ask: (body) => call('POST /sessions', { body }),
    end: (token) => createCall({ relay, fetch, identity: fixed(token) })('DELETE /session'),
    onExpiring: () => emit('token-expiring', undefined),
    onForget: () =>
      batch(() => {
        tickets.forget()
        if (writing.value) writing.value.forget()
        else wipeShelves(key)
        diagnostics.forget()
        notices.clear()
        router.home()
      }),
  })
  const known = computed(() => !!session.kind.value && !session.ended.value)
  const tickets = createTickets(call)
  const connection = createConnection({
    call,
    known,
    person: session.person,
    onEvent(event) {
      tickets.apply(event)
      for (const listener of listeners) listener(event)
    },
    onConnected: () => writing.value?.goOn(),
  })
  const stops = [
    effect(() => {
      // Somebody new: their tickets.
      session.person.value
      if (known.value) tickets.load()
    }),
    effect(() => {
      if (tickets.list.value) emit('unread', tickets.unread.value)
    }),
  ]

  return {
    ...parts,
    storage,
    call,
    identity,
    speech,
    game,
    gameFailure,
    loadGame: () =>
      guarded(gameFailure, async () => {
        game.value = await call('GET /games/:game', { params: { game: key } })
      }),
    session,
    tickets,
    connection,
    notices,
    router,
    diagnostics,
    writing,
    open: signal(mode !== 'docked'),
    busy: signal(false),
    pad: signal(false),
    wide: signal(false),
    mustSignIn: computed(() => !session.kind.value && !!game.value && !game.value.signIn.includes('anonymous')),
    back() {
      if (notices.current.value) notices.clear()
      else if (router.current.value.view !== 'home') router.home()
      else if (parts.closable) parts.close()
    },
    hear(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async act(run) {
      const failure = signal<FailureCode | undefined>()
      await guarded(failure, async () => {
        await run()
      })
      const code = failure.value
      if (!code) return
      notices.show({ text: speech.problem(code) })
      emit('problem', { code })
    },
    destroy() {
      for (const stop of stops) stop()
      writing.value?.destroy()
      connection.destroy()
      session.destroy()
      notices.clear()
    },
  }
}

/** A bearer that is not, or no longer, the session's own. */
function fixed(token: string): Identity {
  return { token: async () => token, renew: async () => undefined }
}
