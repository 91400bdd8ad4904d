/** A player's own copy of everything. */
import type { FairQueue } from '../../runtime/fair-queue.ts'
import { type ExportParts, exportPlayer } from '../../tickets/export.ts'
import type { HandlersOf } from '../handlers.ts'

const headers = {
  'content-type': 'application/json',
  'content-disposition': 'attachment; filename="my-support-data.json"',
  'cache-control': 'no-store',
}

export interface ExportRouteParts extends ExportParts {
  /** For writing one piece. */
  replays: FairQueue
}

export function exportRoutes(parts: ExportRouteParts): HandlersOf<'GET /export'> {
  return {
    async 'GET /export'({ player, game }) {
      const pieces = await exportPlayer(parts, player, game)
      return new Response(ReadableStream.from(encoded(pieces, (next) => parts.replays.run(player.key, next))), {
        headers,
      })
    },
  }
}

async function* encoded(
  pieces: AsyncGenerator<string, undefined>,
  inTurn: (next: () => ReturnType<typeof pieces.next>) => ReturnType<typeof pieces.next>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for (;;) {
    const { value, done } = await inTurn(() => pieces.next())
    if (done) return
    yield encoder.encode(value)
  }
}
