/** A name for a player that says nothing of them, the same on every relay that shares the ledger. */
import { createHmac } from 'node:crypto'

/** `(game, subject)` → 32 hex digits: a keyed hash that stands in where a vendor wants an address or a name we must not give. */
export type PseudonymOf = (game: string, subject: string) => string

export function createPseudonyms(key: Uint8Array): PseudonymOf {
  // A game key has no NUL, so no two pairs of game and subject make the same text.
  return (game, subject) => createHmac('sha256', key).update(`${game}\0${subject}`).digest('hex').slice(0, 32)
}
