/** What is needed to write: the form, the replies, their files, the outbox, the conversations. Fetched after the first paint. */
import { batch, computed, effect } from '@preact/signals-core'
import type { Game } from '../../server/contract/game.ts'
import type { TicketId } from '../../server/contract/ids.ts'
import type { Message } from '../../server/contract/message.ts'
import { describeDevice } from '../play/device.ts'
import { createFiles, type Files } from './files.ts'
import { createKeptFiles, type Place } from './kept-files.ts'
import { createNewTicket, type NewTicketForm } from './new-ticket.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createReplies, type Replies } from './replies.ts'
import type { Support } from './support.ts'
import { createThreads, type Threads } from './threads.ts'
import { createUploads, type Uploads } from './uploads.ts'

export interface Writing {
  outbox: Outbox
  form: NewTicketForm
  replies: Replies
  threads: Threads
  files: Files
  /** What could not be sent goes back to where it was written. */
  takeBack(key: string): void
  /** Closes or reopens a ticket, and offers the way back. */
  turn(id: TicketId, to: 'close' | 'reopen'): Promise<void>
  /** What the player is writing now gets the file: the reply in view, else the new ticket. */
  uploads(): Uploads
  /** The line is there again: what waits goes out, and what stopped goes on. */
  goOn(): void
  forget(): void
  destroy(): void
}

/** Makes it once, and keeps it with the rest. */
export function writingOf(support: Support): Writing {
  support.writing.value ??= createWriting(support)
  return support.writing.value
}

function createWriting(support: Support): Writing {
  const { options, clock, call, storage, session, tickets, game, router, speech, notices, act, emit, identity } =
    support
  const threads = createThreads(call, tickets)
  const files = createFiles(call, clock)
  const outbox = createOutbox({
    game: options.game,
    call,
    clock,
    owner: session.owner,
    begin: session.begin,
    async prove() {
      if (!game.value?.proofOfWork || session.kind.value !== 'anonymous') return undefined
      const { solve } = await import('../relay/proof.ts')
      return solve(await call('POST /challenges'))
    },
    onOpened(conversation, key) {
      const route = router.current.value
      batch(() => {
        threads.opened(conversation)
        const watched = route.view === 'outgoing' && route.key === key
        if (watched) router.go({ view: 'ticket', id: conversation.id, fresh: true })
      })
      emit('ticket-opened', { id: conversation.id, number: conversation.number })
    },
    onReplied: threads.replied,
    onProblem: (code) => emit('problem', { code }),
  })
  const limits = () => game.value?.attachments ?? false
  const kept = createKeptFiles(options.game, clock, session.owner)
  const everyUploads = new Set<Uploads>()
  /** Whose files they are is known: nobody's are brought back before. */
  const isKnown = computed(() => !!session.kind.value && session.owner.value !== '' && !!game.value)
  const uploadsAt = (place: Place) => {
    const made = createUploads({ call, relay: options.relay, identity, place, kept, limits, begin: session.begin })
    everyUploads.add(made)
    if (isKnown.peek()) made.restore()
    return made
  }
  const replies = createReplies(storage, outbox, uploadsAt)
  const form = createNewTicket({
    game,
    storage,
    outbox,
    uploads: uploadsAt('new'),
    language: computed(() => ticketLanguage(game.value, options.locale)),
    describe: () => support.diagnostics.describe({ ...describeDevice(), ...options.metadata?.() }),
  })

  const uploads = () => {
    const id = inView(support)
    return id ? replies.on(id).uploads : form.uploads
  }
  const turn = (id: TicketId, to: 'close' | 'reopen') =>
    act(async () => {
      const { can } = await threads.change(id, to)
      const { closedNow, reopenedNow } = speech.whole().words.value
      const back = to === 'close' ? can.reopen && 'reopen' : can.close && 'close'
      notices.show({ text: to === 'close' ? closedNow : reopenedNow, ...(back && { undo: () => turn(id, back) }) })
    })
  const stops = [
    support.hear((event) => {
      batch(() => {
        threads.apply(event)
        if (event.type === 'message-added') outbox.heard(event.data.ticketId, event.data.message)
      })
      if (event.type === 'attachment-changed') for (const one of everyUploads) one.apply(event.data.attachment)
    }),
    effect(() => {
      if (isKnown.value) for (const one of everyUploads) one.restore()
    }),
    effect(() => {
      const id = inView(support)
      if (id && session.kind.value) threads.look(id)
    }),
    // Read is what the player has had before their eyes, not what has arrived.
    effect(() => {
      const id = support.connection.visible.value && inView(support)
      if (id && tickets.list.value?.some((ticket) => ticket.id === id && ticket.unread > 0))
        threads.read(id).catch(() => {})
    }),
  ]
  outbox.load()

  return {
    outbox,
    form,
    replies,
    threads,
    files,
    turn,
    takeBack(key) {
      const item = outbox.discard(key)
      if (item?.ticketId) replies.on(item.ticketId).write(item.body.message)
      else if (item) {
        form.change({ message: item.body.message })
        router.go({ view: 'new' })
      }
    },
    uploads,
    goOn() {
      outbox.flush()
      // Word of it may have come before there was a line to hear it by.
      const id = inView(support)
      if (id && threads.all.value[id]?.messages.some(isUnderWay)) threads.look(id)
      for (const one of everyUploads) one.goOn()
    },
    forget() {
      outbox.wipe()
      kept.wipe()
      threads.forget()
      form.forget()
      replies.forget()
      files.forget()
    },
    destroy() {
      for (const stop of stops) stop()
      for (const one of everyUploads) one.stop()
      outbox.destroy()
      kept.close()
      files.forget()
    },
  }
}

/** With the relay, and not yet with the studio. */
function isUnderWay({ author, delivery }: Message): boolean {
  return author === 'player' && delivery === 'received'
}

function inView({ open, router }: Support): TicketId | undefined {
  const route = router.current.value
  return open.value && route.view === 'ticket' ? route.id : undefined
}

/** Among the game's languages, the one nearest to how the player's browser speaks. */
function ticketLanguage(game: Game | undefined, locale: string): string {
  const languages = game?.languages ?? []
  const base = locale.split('-')[0]
  return languages.find((code) => code === locale) ?? languages.find((code) => code === base) ?? languages[0] ?? locale
}
