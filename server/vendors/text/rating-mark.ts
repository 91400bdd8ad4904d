/** A rating that stands among a ticket's messages, where it is found again by a mark and shown to no player as one of them. */
import { hash } from 'node:crypto'
import type { Rating } from '../../contract/ticket.ts'
import type { VendorTicketRef } from '../vendor.ts'
import { type TagOf, withNoteBelow } from './agent-note.ts'
import { ratingNote } from './rating-note.ts'

/** The same whenever it is sent: a ticket is rated once, so that a repeat finds what is there already. */
export function ratingMarkOf(vendorTicketId: string): string {
  return `rating-${hash('sha256', vendorTicketId, 'hex').slice(0, 32)}`
}

/** In the player's name, for such a vendor knows no other, and recognisable as no words of theirs. */
export function markedRating(rating: Rating, { number, vendorTicketId }: VendorTicketRef, tagOf: TagOf): string {
  const mark = ratingMarkOf(vendorTicketId)
  return withNoteBelow(ratingNote(rating, number), { mark }, tagOf(mark))
}
