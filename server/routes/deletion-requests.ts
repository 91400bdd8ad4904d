/** Asking to be forgotten. */
import type { Deletions } from '../tickets/deletion.ts'
import type { HandlersOf } from './handlers.ts'

type DeletionRoutes = HandlersOf<
  'POST /deletion-requests' | 'GET /deletion-requests' | 'DELETE /deletion-requests/:requestId'
>

export function deletionRoutes(deletions: Deletions): DeletionRoutes {
  return {
    async 'POST /deletion-requests'({ player }) {
      return { status: 202, body: await deletions.ask(player) }
    },

    async 'GET /deletion-requests'({ player }) {
      return { status: 200, body: { items: await deletions.list(player), cursor: null } }
    },

    async 'DELETE /deletion-requests/:requestId'({ player, params }) {
      return { status: 200, body: await deletions.withdraw(player, params.requestId) }
    },
  }
}
