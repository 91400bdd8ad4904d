/** A player's own copy of everything. */
import { type ExportParts, exportPlayer } from '../tickets/export.ts'
import type { HandlersOf } from './handlers.ts'

const headers = {
  'content-type': 'application/json',
  'content-disposition': 'attachment; filename="my-support-data.json"',
  'cache-control': 'no-store',
}

export function exportRoutes(parts: ExportParts): HandlersOf<'GET /export'> {
  return {
    async 'GET /export'({ player, game }) {
      const pieces = await exportPlayer(parts, player, game)
      return new Response(ReadableStream.from(encoded(pieces)), { headers })
    },
  }
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const piece of pieces) yield encoder.encode(piece)
}
