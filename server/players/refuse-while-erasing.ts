/** From the moment an erasure begins until it ends nothing more of the player's is taken in. */

import { Refusal } from '../runtime/refusal.ts'
import type { Ledger } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'

/**
 * Call it in the transaction that writes: then whoever erases waits for its end.
 *
 * @throws Refusal `erasure_under_way`
 */
export async function refuseWhileErasing(ledger: Ledger, ...players: readonly PlayerKey[]): Promise<void> {
  for (const player of players)
    if (await ledger.deletions.isUnderWay(player)) throw new Refusal('erasure_under_way', { retryAfterSeconds: 60 })
}
