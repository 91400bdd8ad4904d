/** A player's own copy of everything. */
import { type ExportParts, exportPlayer } from '../tickets/export.ts'
import type { HandlersOf } from './handlers.ts'

export function exportRoutes(parts: ExportParts): HandlersOf<'GET /export'> {
  return {
    async 'GET /export'({ player, game }) {
      const headers = { 'content-disposition': 'attachment; filename="my-support-data.json"' }
      return { status: 200, headers, body: await exportPlayer(parts, player, game) }
    },
  }
}
