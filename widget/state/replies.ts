/** What the player is writing on tickets that exist: a draft and its files for each. */

import { type Signal, signal } from '@preact/signals-core'
import type { TicketId } from '../../server/contract/ids.ts'
import type { Outbox } from './outbox.ts'
import type { Storage } from './storage.ts'
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
  forget(): void
}

export function createReplies(storage: Storage, outbox: Outbox, uploadsAt: (id: TicketId) => Uploads): Replies {
  const replies = new Map<TicketId, Reply>()

  const create = (id: TicketId): Reply => {
    const draft = `draft:${id}`
    const text = signal(storage.get<string>(draft) ?? '')
    const sending = signal(false)
    const uploads = uploadsAt(id)
    const write = (value: string) => {
      text.value = value
      storage.set(draft, value || undefined)
    }
    return {
      text,
      sending,
      uploads,
      write,
      async send() {
        if (sending.value || !text.value.trim()) return true
        sending.value = true
        const arrived = await uploads.settled()
        sending.value = false
        if (!arrived) return false
        const attachments = uploads.attachments()
        const ids = attachments.map(({ id }) => id)
        outbox.reply(id, { message: text.value, ...(ids.length && { attachments: ids }) }, attachments)
        uploads.clear()
        write('')
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
    forget() {
      for (const { uploads } of replies.values()) uploads.clear()
      replies.clear()
    },
  }
}
