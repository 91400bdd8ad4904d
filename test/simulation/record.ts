/** What players were told, for whoever judges the history by it. */
import type { MessageId, TicketId } from '../../server/contract/ids.ts'

/** A message that was answered 201. */
export interface Written {
  game: string
  /** Its text, which stands in no other message. */
  name: string
  ticket: WrittenTicket
  id: MessageId
  /** When the player had the answer. */
  acknowledgedAt: number
  /** Its place among what the player wrote on the ticket; another, at the end, once it was sent again. */
  place: number
  /** When it was sent again. */
  sentAgainAt: number[]
  /** `erased`: from before an erasure that has ended. `unsure`: taken either before it began or after its end. */
  fate?: 'erased' | 'unsure'
  /** When the erasure was seen to have ended that it is from before. */
  erasedAt?: number
}

export interface WrittenTicket {
  game: string
  player: string
  name: string
  id: TicketId
  /** What the player did last, where they closed or opened it again. */
  wish: 'open' | 'closed'
  /** So many things were written on it. */
  places: number
}

export interface History {
  messages: Written[]
  tickets: WrittenTicket[]
  /** By player: when an erasure of theirs was seen to have ended, the first one. */
  erasedAt: Map<string, number>
  /** What should not have happened, whoever noticed. */
  violations: string[]
}

export function createHistory(): History {
  return { messages: [], tickets: [], erasedAt: new Map(), violations: [] }
}

/** Names are made of their player's: `game1p2-7` is what `game1p2` wrote. */
export function playerOfName(name: string): string {
  return name.split('-')[0] ?? name
}
