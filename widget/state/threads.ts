/** The messages of the tickets that were looked at, and what can be done to a ticket. */

import { type ReadonlySignal, signal } from '@preact/signals-core'
import type { Attachment } from '../../server/contract/attachment.ts'
import type { PlayerEvent } from '../../server/contract/event.ts'
import type { MessageId, TicketId } from '../../server/contract/ids.ts'
import type { Message } from '../../server/contract/message.ts'
import type { Conversation, NewRating, SentLine, Ticket } from '../../server/contract/ticket.ts'
import type { FailureCode } from '../handle.ts'
import type { Call } from '../relay/call.ts'
import { guarded, type Tickets } from './tickets.ts'

export interface Thread {
  messages: readonly Message[]
  /** The `before` of the next page back; null at the beginning. */
  earlier: string | null
  /** What the vendor was given beside the words. */
  sentAlong: readonly SentLine[]
}

export interface Threads {
  all: ReadonlySignal<Readonly<Record<TicketId, Thread>>>
  failure: ReadonlySignal<FailureCode | undefined>
  /** One ticket with its newest messages. */
  look(id: TicketId): Promise<void>
  lookBack(id: TicketId): Promise<void>
  read(id: TicketId): Promise<void>
  change(id: TicketId, act: 'close' | 'reopen'): Promise<Ticket>
  /** Once more to the vendor. */
  retry(id: TicketId, messageId: MessageId): Promise<void>
  rate(id: TicketId, rating: NewRating): Promise<void>
  /** Takes in a ticket just opened. */
  opened(conversation: Conversation): void
  replied(id: TicketId, message: Message): void
  apply(event: PlayerEvent): void
  forget(): void
}

export function createThreads(call: Call, { put }: Tickets): Threads {
  const all = signal<Readonly<Record<TicketId, Thread>>>({})
  const failure = signal<FailureCode | undefined>()

  /** Counts what was learned otherwise: an answer that it overtook knew less, and is asked for again. */
  let news = 0
  const change = (id: TicketId, by: (thread: Thread) => Thread) => {
    news += 1
    const thread = all.value[id]
    if (thread) all.value = { ...all.value, [id]: by(thread) }
  }
  const changeMessages = (id: TicketId, by: (message: Message) => Message) =>
    change(id, (thread) => ({ ...thread, messages: thread.messages.map(by) }))
  const add = (id: TicketId, message: Message) =>
    change(id, (thread) => ({ ...thread, messages: merge(thread.messages, [message]) }))
  const take = ({ messages, earlier, sentAlong, ...ticket }: Conversation) => {
    all.value = { ...all.value, [ticket.id]: { messages, earlier, sentAlong } }
    put(ticket)
  }
  const get = (ticketId: TicketId, query: { before?: string }) =>
    call('GET /tickets/:ticketId', { params: { ticketId }, query })
  const look = (id: TicketId) =>
    guarded(failure, async () => {
      for (;;) {
        const before = news
        const conversation = await get(id, {})
        if (before === news || !all.value[id]) take(conversation)
        if (before === news) return
      }
    })
  const ids = () => Object.keys(all.value) as TicketId[]

  return {
    all,
    failure,
    look,
    lookBack: (id) =>
      guarded(failure, async () => {
        const before = all.value[id]?.earlier
        if (!before) return
        const { messages, earlier, sentAlong } = await get(id, { before })
        change(id, (thread) => ({ sentAlong, messages: merge(messages, thread.messages), earlier }))
      }),
    async read(id) {
      put(await call('POST /tickets/:ticketId/read', { params: { ticketId: id } }))
    },
    async change(id, act) {
      const ticket = await call(`POST /tickets/:ticketId/${act}`, { params: { ticketId: id } })
      put(ticket)
      return ticket
    },
    async retry(ticketId, messageId) {
      add(
        ticketId,
        await call('POST /tickets/:ticketId/messages/:messageId/retry', { params: { ticketId, messageId } }),
      )
    },
    async rate(id, body) {
      put(await call('POST /tickets/:ticketId/rating', { params: { ticketId: id }, body }))
    },
    opened: take,
    // What an event has told in the meantime is newer than the answer.
    replied: (id, message) => change(id, (thread) => ({ ...thread, messages: merge([message], thread.messages) })),
    apply(event) {
      news += 1
      if (event.type === 'message-added') add(event.data.ticketId, event.data.message)
      if (event.type === 'message-delivery') {
        const { ticketId, messageId, ...news } = event.data
        changeMessages(ticketId, (message) => (message.id === messageId ? { ...message, ...news } : message))
      }
      if (event.type === 'attachment-changed') {
        for (const id of ids()) changeMessages(id, (message) => withAttachment(message, event.data.attachment))
      }
      if (event.type === 'resync') for (const id of ids()) look(id)
    },
    forget() {
      all.value = {}
      failure.value = undefined
    },
  }
}

/** By id, so that an answer and its event make one message; in the order they were sent. */
function merge(older: readonly Message[], newer: readonly Message[]): Message[] {
  const byId = new Map([...older, ...newer].map((message) => [message.id, message]))
  return [...byId.values()].sort((a, b) => Date.parse(a.sentAt) - Date.parse(b.sentAt))
}

function withAttachment(message: Message, attachment: Attachment): Message {
  const attachments = message.attachments.map((known) => (known.id === attachment.id ? attachment : known))
  return { ...message, attachments }
}
