/**
 * Whom a finished erasure was about: a keyed hash, so that whoever reads the ledger without its key cannot try ids until
 * one fits. It is the name that stands in the receipt.
 */
import { createHmac } from 'node:crypto'
import type { PlayerKey } from './tables.ts'

/** @returns 64 hex digits */
export function sealedName(key: Uint8Array, player: PlayerKey): string {
  return createHmac('sha256', key).update(player).digest('hex')
}

/** In the column of players of what outlives an erasure. A player's own key has half as many digits. */
export type Seal = (player: PlayerKey) => Promise<PlayerKey>

/** @param findKey - the ledger's, as base64url; a ledger that no relay has worked on has none, and nobody was erased from it */
export function createSeal(findKey: () => Promise<string | undefined>): Seal {
  let key: Uint8Array | undefined
  return async (player) => {
    const found =
      key ?? (await findKey().then((text) => (text === undefined ? undefined : Buffer.from(text, 'base64url'))))
    key = found
    // The one place where such a name takes the place of a key.
    return found && !isSealed(player) ? (sealedName(found, player) as PlayerKey) : player
  }
}

export function isSealed(player: PlayerKey): boolean {
  return player.length === 64
}
