/** A player's rating where the vendor has no call for one: words of the player's on the ticket, which agents read there. */
import { hash } from 'node:crypto'
import type { Rating } from '../contract/ticket.ts'
import { withAgentNote } from './agent-note.ts'
import type { VendorTicketId } from './vendor.ts'

/** The same whenever it is sent: a ticket is rated once, so that a repeat finds what is there already. */
export function ratingMarkOf(vendorTicketId: VendorTicketId | string): string {
  return `rating-${hash('sha256', vendorTicketId, 'hex').slice(0, 32)}`
}

/** What the player said of it, and the score as a note, where nobody can type one that looks the same. */
export function ratingText({ score, comment }: Rating, mark: string): string {
  return withAgentNote(comment ?? '', { rating: `${score} of 5`, mark })
}
