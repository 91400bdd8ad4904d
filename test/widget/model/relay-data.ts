/** What a relay has to tell, in the contract's shapes. */
import type { PlayerEvent } from '../../../server/contract/event.ts'
import type { Game } from '../../../server/contract/game.ts'
import type { Message } from '../../../server/contract/message.ts'
import type { Session } from '../../../server/contract/player.ts'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import type { Person } from './marks.ts'

export interface Case {
  owner: Person
  conversation: Conversation
}

export interface Told {
  id: number
  person: Person
  event: PlayerEvent
}

export function caseOf(owner: Person, id: string, text: string, at: string): Case {
  const conversation: Conversation = {
    id: id as Conversation['id'],
    number: `SH-${Number(id)}`,
    subject: text,
    status: 'open',
    language: 'en',
    createdAt: at,
    updatedAt: at,
    unread: 0,
    asOf: at,
    can: { reply: true, close: true, reopen: true, rate: false },
    messages: [],
    earlier: null,
    sentAlong: [],
  }
  return { owner, conversation }
}

export function messageOf(author: 'player' | 'agent', id: string, text: string, sentAt: string): Message {
  const delivery = author === 'player' ? 'received' : 'delivered'
  return { id: id as Message['id'], author, text, sentAt, attachments: [], delivery }
}

export function addTo(conversation: Conversation, message: Message, now: number): void {
  const { author, text, sentAt } = message
  const isAnswer = author === 'agent'
  conversation.messages = [...conversation.messages, message]
  conversation.lastMessage = { author: isAnswer ? 'agent' : 'player', text, sentAt }
  // Grows with every change, or it could not be told which of two is the newer.
  conversation.updatedAt = new Date(Math.max(now, Date.parse(conversation.updatedAt) + 1)).toISOString()
  conversation.status = isAnswer ? 'answered' : 'open'
  conversation.unread = isAnswer ? conversation.unread + 1 : 0
}

export function summaryOf({ messages: _, earlier: __, sentAlong: ___, ...ticket }: Conversation): Ticket {
  return { ...ticket }
}

export function kindOf(person: Person): Session['kind'] {
  if (person.startsWith('anon:')) return 'anonymous'
  return person.startsWith('email:') ? 'email' : 'verified'
}

export function linesOf({ id, event }: Told): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`
}

/** How a count of unread tickets tells whose it is: by its thousands. */
export function thousandsOf(person: Person): number {
  const sum = [...person].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9_973, 7)
  return 1000 * (1 + sum)
}

const limits = { types: ['text/plain'], maxBytes: 1_000_000, maxCount: 2 }

export const game: Game = {
  game: 'test',
  name: 'Star Harbor',
  languages: ['en'],
  can: {
    open: true,
    reply: 'thread',
    reopen: 'native',
    close: true,
    answers: 'thread',
    attachments: limits,
    history: 'relay',
    deletion: 'vendor',
    rating: false,
    push: 'hook',
  },
  form: { categories: [] },
  attachments: limits,
  signIn: ['anonymous', 'email'],
  theme: {},
}
