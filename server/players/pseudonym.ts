/** A name for a player that says nothing of them, the same on every relay that shares the secret. */
import { createHmac } from 'node:crypto'
import { deriveKey } from './derive.ts'

/**
 * A keyed hash of game and player: stands in where a vendor wants an address or a name that must not be given.
 *
 * @returns 32 hex digits
 */
export function pseudonymOf(secret: Uint8Array, game: string, subject: string): string {
  const key = deriveKey(secret, 'pseudonym')
  // A game key has no NUL, so no two pairs of game and subject make the same text.
  return createHmac('sha256', key).update(`${game}\0${subject}`).digest('hex').slice(0, 32)
}
