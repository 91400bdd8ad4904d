/** A player's rating in plain words, for agents of a vendor that has no call for it. */
import type { Rating } from '../../contract/ticket.ts'
import { oneLine } from './plain-text.ts'

/**
 * The same words for the same rating, so that they can be found again. The comment is the player's own, and said to be: it keeps
 * to the one line that says so.
 */
export function ratingNote({ score, comment }: Rating, number: string): string {
  const rated = `Medkit: the player has rated the help on ${number}: ${score} of 5.`
  return comment ? `${rated}\nIn the player’s own words: ${oneLine(comment)}` : rated
}
