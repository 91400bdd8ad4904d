/** What comes after writing: the conversations, the replies, and the files on everything. Fetched after the first paint. */

import { computed, effect, untracked } from '@preact/signals-core'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { TicketId } from '../../server/contract/ids.ts'
import type { Message } from '../../server/contract/message.ts'
import { createDropTarget, type DropTarget } from './drop-target.ts'
import { createFiles, type Files } from './files.ts'
import type { Outbox } from './outbox.ts'
import { createReplies, type Replies } from './replies.ts'
import { createStoredFiles, type UploadPlace } from './stored-files.ts'
import type { Support } from './support.ts'
import { createThreads, type Threads } from './threads.ts'
import { createTruncation, type Truncation } from './truncate.ts'
import { createUploads, type Uploads } from './uploads.ts'

export interface Messaging {
  replies: Replies
  threads: Threads
  files: Files
  /** Those on the ticket that is not open yet. */
  newFiles: Uploads
  taking: DropTarget
  truncation: Truncation
  /** What could not be sent goes back to where it was written. */
  takeBack(key: string): void
  /** Closes or reopens a ticket, and offers the way back. */
  turn(id: TicketId, to: 'close' | 'reopen'): Promise<void>
  /** What the player is writing now gets the file: the reply in view, else the new ticket. */
  uploads(): Uploads
  /** The line is there again: what stopped goes on. */
  goOn(): void
  /** @param wipe what the browser keeps, too */
  forget(wipe: boolean): void
  destroy(): void
}

/** Makes it once, and keeps it with the rest. */
export function messagingOf(support: Support): Messaging {
  support.messaging.value ??= createMessaging(support)
  return support.messaging.value
}

function createMessaging(support: Support): Messaging {
  const { options, clock, call, drafts, session, tickets, game, router, speech, notices, act, outbox, form } = support
  const threads = createThreads(call, tickets)
  const files = createFiles(call, clock)
  const kept = createStoredFiles(options.game, clock, session.owner)
  const everyUploads = new Set<Uploads>()
  /** Whose files they are is known: nobody's are brought back before. */
  const isKnown = computed(() => !!session.kind.value && session.owner.value !== '' && !!game.value)
  const uploadsAt = (place: UploadPlace) => {
    const { credentials, prove } = support
    const { relay } = options
    const limits = () => game.value?.attachments ?? false
    const made = createUploads({ call, relay, credentials, place, kept, limits, begin: session.begin, prove })
    everyUploads.add(made)
    if (isKnown.peek()) made.restore()
    return made
  }
  const newFiles = uploadsAt('new')
  const replies = createReplies({ drafts, outbox, person: session.person, uploadsAt })

  const uploads = () => {
    const id = inView(support)
    return id ? replies.on(id).uploads : newFiles
  }
  const turn = (id: TicketId, to: 'close' | 'reopen') =>
    act(async () => {
      const { can } = await threads.change(id, to)
      const { closedNow, reopenedNow } = speech.whole().words.value
      const back = to === 'close' ? can.reopen && 'reopen' : can.close && 'close'
      notices.show({ text: to === 'close' ? closedNow : reopenedNow, ...(back && { undo: () => turn(id, back) }) })
    })
  const hearOf = (attachment: Attachment) => {
    for (const one of everyUploads) one.apply(attachment)
  }
  const stops = [
    support.onRelayEvent((event) => {
      threads.apply(event)
      if (event.type === 'message-added') pair(outbox, event.data.ticketId, event.data.message)
      if (event.type === 'attachment-changed') hearOf(event.data.attachment)
    }),
    effect(() => {
      session.person.value
      session.owner.value
      if (!isKnown.value) return
      untracked(replies.restore)
      for (const one of everyUploads) one.restore()
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

  return {
    replies,
    threads,
    files,
    newFiles,
    taking: createDropTarget(support, uploads),
    truncation: createTruncation(),
    turn,
    takeBack(key) {
      const item = outbox.discard(key)
      if (!item) return
      if (item.ticketId === undefined) {
        const { message, category, fields } = form.answers.value
        const { body } = item
        form.change({
          message: before(body.message, message),
          category: body.category ?? category,
          fields: { ...fields, ...body.fields },
        })
        newFiles.takeBack(item.attachments)
        return router.go({ view: 'new' })
      }
      const reply = replies.on(item.ticketId)
      reply.write(before(item.body.message, reply.text.value))
      reply.uploads.takeBack(item.attachments)
    },
    uploads,
    goOn() {
      // Word of it may have come before there was a line to hear it by.
      const id = inView(support)
      if (id && threads.all.value[id]?.messages.some(isUnderWay)) threads.look(id)
      for (const one of everyUploads) one.goOn()
    },
    forget(wipe) {
      if (wipe) kept.wipe()
      threads.forget()
      if (wipe) newFiles.clear()
      else newFiles.leave()
      replies.forget(wipe)
      files.forget()
      everyUploads.clear()
      everyUploads.add(newFiles)
    },
    destroy() {
      for (const stop of stops) stop()
      for (const one of everyUploads) one.stop()
      kept.close()
      files.forget()
    },
  }
}

/** What is written meanwhile stays. */
function before(text: string, next: string): string {
  return next.trim() ? `${text}\n\n${next}` : text
}

/** A message of the player's has come by event, maybe the very one that waits for its answer. */
function pair({ items, pair }: Outbox, ticketId: TicketId, { id, author, text }: Message): void {
  const mine = items.value.filter((item) => item.ticketId === ticketId)
  if (author !== 'player' || mine.some(({ twin }) => twin === id)) return
  // One at a time is under way, and of those that said the same it is the first.
  const item = mine.find(({ state, twin, body }) => state !== 'failed' && !twin && body.message.trim() === text)
  if (item) pair(item.key, id)
}

/** With the relay, and not yet with the studio. */
function isUnderWay({ author, delivery }: Message): boolean {
  return author === 'player' && delivery === 'received'
}

function inView({ open, router }: Support): TicketId | undefined {
  const route = router.current.value
  return open.value && route.view === 'ticket' ? route.id : undefined
}
