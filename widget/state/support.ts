/** What every view stands on, put together once for each panel. What comes after writing is fetched later: see `messaging.ts`. */

import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals-core'
import type { PlayerEvent } from '../../server/contract/event.ts'
import type { Game } from '../../server/contract/game.ts'
import type { Bearer, NewSession } from '../../server/contract/player.ts'
import type { Challenge } from '../../server/contract/proof.ts'
import type { AnswerOf } from '../../server/contract/routes.ts'
import type { Emit, FailureCode, PageProblemCode } from '../handle.ts'
import { lazyImport } from '../lazy-import.ts'
import { createDiagnostics, type Diagnostics } from '../play/diagnostics.ts'
import { type Call, type Credentials, createCall, RelayProblem } from '../relay/call.ts'
import type { StartOptions } from '../start.ts'
import { createSpeech, type Speech } from '../words/words.ts'
import type { Clock } from './clock.ts'
import { type Connection, createConnection } from './connection.ts'
import { createDrafts, type Drafts } from './drafts.ts'
import type { Messaging } from './messaging.ts'
import { createNewTicket, type NewTicketForm, ticketLanguage } from './new-ticket.ts'
import { createNotices, type Notices } from './notices.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { deleteRecordStore } from './record-store.ts'
import { createRouter, type Router } from './route.ts'
import { createSession } from './session.ts'
import type { Session } from './session-types.ts'
import { createStorage, type Storage } from './storage.ts'
import type { Arriving } from './stored-session.ts'
import { createTickets, guarded, type Tickets } from './tickets.ts'

const fetchProof = lazyImport(() => import('../relay/proof.ts'))

export type Mode = 'docked' | 'inline' | 'page'

export interface SupportParts {
  options: StartOptions
  mode: Mode
  closable: boolean
  /** The game chooses files, where the webview cannot. */
  pickFile: (() => void) | undefined
  /** Whether it is asked first who is to be here. */
  doubt: boolean
  clock: Clock
  fetch: typeof fetch
  emit: Emit
  close(): void
  /** To the studio, who can do something about it. */
  report(code: PageProblemCode): void
  /** Fetches the rows of home. */
  prepareTicketList(): Promise<typeof import('../panel/ticket-list.tsx')>
  /** Fetches what comes after writing, and has it ready. */
  prepareMessaging(): Promise<typeof import('../panel/messaging.tsx')>
}

export interface Support extends Omit<SupportParts, 'fetch'> {
  storage: Storage
  drafts: Drafts
  call: Call
  credentials: Credentials
  speech: Speech
  game: ReadonlySignal<Game | undefined>
  gameFailure: ReadonlySignal<FailureCode | undefined>
  loadGame(): Promise<void>
  /** Whose token it is, which is not the session's own. */
  whoIs(token: string): Promise<Bearer>
  /** Whether this player can write to the studio at all; undefined until it is known. */
  opens: ReadonlySignal<boolean | undefined>
  session: Session
  tickets: Tickets
  connection: Connection
  notices: Notices
  router: Router
  diagnostics: Diagnostics
  outbox: Outbox
  /** Asks for a session, or for a mail to have one by; with work to show, where the game asks for it. */
  enter(body: NewSession): Promise<AnswerOf<'POST /sessions'>>
  /** Work to show for a new ticket or a file, where the game asks for it. */
  prove(): Promise<string | undefined>
  form: NewTicketForm
  /** There once somebody means to write, or has left something unsent. */
  messaging: Signal<Messaging | undefined>
  open: Signal<boolean>
  busy: Signal<boolean>
  /** Played with a pad, and likely from a couch. */
  pad: Signal<boolean>
  /** Two panes fit side by side. */
  wide: Signal<boolean>
  /** The player has to decide about it before anything else is shown. */
  arriving: Signal<Arriving | undefined>
  /** Nobody is known here, and nobody may stay unknown. */
  mustSignIn: ReadonlySignal<boolean>
  /** Closes one thing at a time: the word after an act, the view, the panel. */
  back(): void
  /** Tells every event of the relay's. @returns takes the listener off. */
  onRelayEvent(listener: (event: PlayerEvent) => void): () => void
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
  const shared = signal<Game | undefined>()
  /** What holds for this very player, where that may differ. */
  const own = signal<Game | undefined>()
  const game = computed(() => own.value ?? shared.value)
  const gameFailure = signal<FailureCode | undefined>()
  const messaging = signal<Messaging | undefined>()
  const listeners = new Set<(event: PlayerEvent) => void>()

  // The calls need the session's token, and the session is made by calls: each reaches the other through here.
  const credentials: Credentials = {
    token: () => session.token(),
    renew: (refused) => session.renew(refused),
    person: () => session.person.peek(),
  }
  const call = createCall({ relay, fetch, credentials })
  const callAs = (token: string) => createCall({ relay, fetch, credentials: fixed(token) })
  const solved = async (asked: Promise<Challenge>) => (await fetchProof()).solve(await asked)
  const prove = async () => {
    if (game.value?.proofOfWork && session.kind.value === 'anonymous') return solved(call('POST /challenges'))
  }
  const enter = (body: NewSession) =>
    call('POST /sessions', { body }).catch(async (error: unknown) => {
      // Much was asked from this address lately, and whoever else asks has to show some work.
      const mayWant = body.kind === 'anonymous' || (body.kind === 'email' && game.value?.proofOfWork)
      const isWanted = mayWant && error instanceof RelayProblem && error.code === 'invalid'
      const proof = isWanted && (await solved(call('POST /sessions/challenges', { body: { game: key } })))
      if (!proof) throw error
      return call('POST /sessions', { body: { ...body, proof } })
    })
  const session: Session = createSession({
    game: key,
    storage,
    clock,
    ask: enter,
    end: (token) => callAs(token)('DELETE /session'),
    onExpiring: () => emit('token-expiring', undefined),
    doubt: parts.doubt,
    onLeave(wipe) {
      tickets.forget()
      form.forget()
      drafts.forget()
      if (messaging.value) messaging.value.forget(wipe)
      // Its own code is fetched later than this may be needed.
      else if (wipe) deleteRecordStore(`medkit:${key}:files`)
      if (wipe) diagnostics.forget()
      outbox.leave(wipe)
      notices.clear()
      router.home()
    },
  })
  const drafts = createDrafts(storage, clock, session.owner)
  const known = computed(() => !!session.kind.value && !session.ended.value)
  const asksOwn = computed(() => known.value && !!shared.value?.canByPlayer)
  const tickets = createTickets(call)
  const outbox: Outbox = createOutbox({
    game: key,
    call,
    clock,
    owner: session.owner,
    person: session.person,
    begin: session.begin,
    prove,
    onOpened(conversation, outgoing) {
      const { messages, earlier, ...ticket } = conversation
      const route = router.current.value
      batch(() => {
        tickets.put(ticket)
        messaging.value?.threads.opened(conversation)
        const watched = route.view === 'outgoing' && route.key === outgoing
        if (watched) router.go({ view: 'ticket', id: ticket.id, fresh: true })
      })
      emit('ticket-opened', { id: ticket.id, number: ticket.number })
    },
    onReplied: (id, message) => messaging.value?.threads.replied(id, message),
    onProblem: (code) => emit('problem', { code }),
  })
  const form = createNewTicket({
    game,
    drafts,
    owner: session.owner,
    outbox,
    language: computed(() => ticketLanguage(game.value, options.locale)),
    async files() {
      // Some may lie here from an earlier page, and the player means them to go along.
      if (storage.get('acted')) await parts.prepareMessaging().catch(() => {})
      return messaging.value?.newFiles
    },
  })
  const connection = createConnection({
    name: `${relay}:${key}`,
    call,
    storage,
    known,
    session,
    onEvent: (event) =>
      batch(() => {
        tickets.apply(event)
        for (const listener of listeners) listener(event)
      }),
    onConnected() {
      outbox.flush()
      messaging.value?.goOn()
    },
  })
  const stops = [
    storage.onElsewhere((name, value) => {
      session.look(name, value)
      drafts.putBack()
    }),
    effect(() => {
      // Somebody new: their tickets, and in the same breath what shows them.
      session.person.value
      if (!known.value) return
      tickets.load()
      parts.prepareTicketList().catch(() => {})
      speech.complete().catch(() => {})
    }),
    effect(() => {
      session.person.value
      own.value = undefined
      if (!asksOwn.value) return
      let over = false
      const take = (answer = shared.peek()) => {
        if (!over) own.value = answer
      }
      // Where it cannot be asked, what holds for anyone stands.
      call('GET /games/:game', { params: { game: key }, own: true }).then(take, () => take())
      return () => {
        over = true
      }
    }),
    effect(() => {
      if (tickets.list.value) emit('unread', tickets.unread.value)
    }),
    effect(() => {
      const code = session.ended.value
      if (code) emit('problem', { code })
    }),
  ]

  return {
    ...parts,
    storage,
    drafts,
    call,
    credentials,
    speech,
    game,
    gameFailure,
    loadGame: () =>
      guarded(gameFailure, async () => {
        shared.value = await call('GET /games/:game', { params: { game: key } })
      }),
    whoIs: (token) => callAs(token)('GET /session'),
    opens: computed(() => {
      // For somebody anonymous the answer for anyone holds meanwhile: nothing they write in is taken from under them.
      if (asksOwn.value && !own.value && session.kind.value !== 'anonymous') return undefined
      // Should it never be known what the game asks, a message is better than none.
      if (game.value) return game.value.can.open
      return gameFailure.value && gameFailure.value !== 'origin_not_allowed'
    }),
    session,
    tickets,
    connection,
    notices,
    router,
    diagnostics,
    outbox,
    enter,
    prove,
    form,
    messaging,
    open: signal(mode !== 'docked'),
    busy: signal(false),
    pad: signal(false),
    wide: signal(false),
    arriving: signal(),
    mustSignIn: computed(() => !session.kind.value && !!game.value && !game.value.signIn.includes('anonymous')),
    back() {
      if (notices.current.value) notices.clear()
      else if (router.current.value.view !== 'home') router.home()
      else if (parts.closable) parts.close()
    },
    onRelayEvent(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async act(run) {
      const failure = signal<FailureCode>()
      await guarded(failure, run)
      const code = failure.value
      if (!code) return
      notices.show({ text: speech.problem(code) })
      emit('problem', { code })
    },
    destroy() {
      for (const stop of stops) stop()
      form.destroy()
      outbox.destroy()
      messaging.value?.destroy()
      connection.destroy()
      session.destroy()
      notices.clear()
    },
  }
}

/** A bearer that is not, or no longer, the session's own. */
function fixed(token: string): Credentials {
  return { token: async () => token, renew: async () => undefined }
}
