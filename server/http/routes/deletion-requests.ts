/** Asking to be forgotten. */
import type { Adopt } from '../../tickets/adopt.ts'
import type { ReceiptOf } from '../../tickets/erasure/receipt.ts'
import type { Deletions } from '../../tickets/erasure/requests.ts'
import type { HandlersOf } from '../handlers.ts'

type DeletionRoutes = HandlersOf<
  | 'POST /deletion-requests'
  | 'GET /deletion-requests'
  | 'DELETE /deletion-requests/:requestId'
  | 'GET /deletion-requests/:requestId/receipt'
>

/** A vendor is asked to erase only what the ledger knows a player has there, so it is asked what there is first. */
const timeoutMs = 2_000

export function deletionRoutes(deletions: Deletions, receiptOf: ReceiptOf, adopt: Adopt): DeletionRoutes {
  return {
    async 'POST /deletion-requests'({ player, game }) {
      await adopt(player, game, timeoutMs)
      return { status: 202, body: await deletions.ask(player) }
    },

    async 'GET /deletion-requests'({ player }) {
      return { status: 200, body: { items: await deletions.list(player), cursor: null } }
    },

    async 'DELETE /deletion-requests/:requestId'({ player, params }) {
      return { status: 200, body: await deletions.withdraw(player, params.requestId) }
    },

    async 'GET /deletion-requests/:requestId/receipt'({ player, params }) {
      const headers = { 'content-disposition': 'attachment; filename="erasure-receipt.json"' }
      return { status: 200, headers, body: await receiptOf(player, params.requestId) }
    },
  }
}
