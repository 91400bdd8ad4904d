/** The receipt of an erasure that is done, from what the ledger keeps of it: dates, counts, and no name. */

import type { Games } from '../../config/games.ts'
import type { DeletionStepName } from '../../contract/deletion.ts'
import type { DeletionRequestId } from '../../contract/ids.ts'
import {
  AtVendor,
  type ErasureReceipt,
  HeldThen,
  type ReceiptStep,
  type SignedReceipt,
} from '../../contract/receipt.ts'
import type { Identity } from '../../players/identity.ts'
import type { ReceiptSigner } from '../../receipts/signing.ts'
import { Refusal } from '../../runtime/refusal.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import { isSealed } from '../../store/seal.ts'
import type { Store } from '../../store/store.ts'
import { ownDeletion } from '../ownership.ts'
import { instant, stepsOf } from '../present.ts'

export interface ReceiptParts {
  store: Store
  games: Games
  signer: Pick<ReceiptSigner, 'sign'>
  /** The relay's address. */
  issuer: () => string
}

/** @throws Refusal `not_found` until the erasure is done */
export type ReceiptOf = (player: Identity, id: DeletionRequestId) => Promise<SignedReceipt>

export function createReceiptOf({ store, games, signer, issuer }: ReceiptParts): ReceiptOf {
  function statementOf(request: DeletionRow): ErasureReceipt {
    const steps = stepsOf(request).map(({ name, at }) => ({ name, at: instant(at), word: wordOf[name] }))
    return {
      issuer: issuer(),
      request: request.id,
      game: { key: request.game, name: games.get(request.game)?.config.name },
      // A self that was erased may have been merged since: into somebody of whom nothing was.
      player: request.about ?? request.player,
      requestedAt: instant(Number(request.requested_at)),
      doneAt: steps.at(-1)?.at ?? instant(Number(request.requested_at)),
      held: request.held === null ? undefined : HeldThen.parse(JSON.parse(request.held)),
      atVendor: request.at_vendor === null ? undefined : AtVendor.parse(JSON.parse(request.at_vendor)),
      steps,
    }
  }

  return async (player, id) => {
    const request = await ownDeletion(store, player, id)
    // One that was done before there were receipts is sealed by the next round of housekeeping.
    if (request.status !== 'done' || !isSealed(request.player)) throw new Refusal('not_found')
    return signer.sign(statementOf(request))
  }
}

const wordOf: Record<DeletionStepName, ReceiptStep['word']> = {
  asked: 'player',
  'vendor-asked': 'vendor',
  'studio-asked': 'relay',
  'operator-told': 'relay',
  'relay-erased': 'relay',
  withdrawn: 'player',
}
