/** What the player is writing on tickets that exist: a draft and its files for each. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals-core'
import type { TicketId } from '../../server/contract/ids.ts'
import type { Drafts } from './drafts.ts'
import type { Outbox } from './outbox.ts'
import type { Uploads } from './uploads.ts'

export interface Reply {
  text: Signal<string>
  sending: Signal<boolean>
  uploads: Uploads
  write(text: string): void
  /** @returns false when a file holds it back, about which the player has to decide. */
  send(): Promise<boolean>
}

export interface Replies {
  on(id: TicketId): Reply
  /** It is known by now whose drafts are theirs. */
  restore(): void
  /** @param wipe the files, too: else they stay for who chose them */
  forget(wipe: boolean): void
}

export interface ReplyParts {
  drafts: Drafts
  outbox: Outbox
  /** Changes with whoever is here. */
  person: ReadonlySignal<unknown>
  uploadsAt(id: TicketId): Uploads
}

export function createReplies({ drafts, outbox, person, uploadsAt }: ReplyParts): Replies {
  const replies = new Map<TicketId, Reply>()

  const create = (id: TicketId): Reply => {
    const draft = `draft:${id}`
    const text = signal(drafts.get<string>(draft) ?? '')
    const sending = signal(false)
    const uploads = uploadsAt(id)
    const write = (value: string) => {
      text.value = value
      drafts.set(draft, value || undefined)
    }
    return {
      text,
      sending,
      uploads,
      write,
      async send() {
        if (sending.value || !text.value.trim()) return true
        sending.value = true
        const writer = person.peek()
        const arrived = await uploads.settled()
        sending.value = false
        // Whoever wrote it may have gone in the meantime, and their words are not the next one's.
        if (person.peek() !== writer) return true
        if (!arrived) return false
        const attachments = uploads.attachments()
        const ids = attachments.map(({ id }) => id)
        const message = text.value
        const body = { message, ...(ids.length && { attachments: ids }) }
        outbox.reply(id, body, attachments, drafts.send(draft, message))
        uploads.clear()
        text.value = ''
        return true
      },
    }
  }
  return {
    on(id) {
      const reply = replies.get(id) ?? create(id)
      replies.set(id, reply)
      return reply
    },
    restore() {
      for (const [id, { text }] of replies) text.value ||= drafts.get(`draft:${id}`) ?? ''
    },
    forget(wipe) {
      for (const { uploads } of replies.values()) wipe ? uploads.clear() : uploads.leave()
      replies.clear()
    },
  }
}
