/** News for a player: a stream, or at once for networks that hold streams back. */
import type { Streams } from '../live/stream.ts'
import { isOver } from '../players/identity.ts'
import type { Store } from '../store/store.ts'
import type { HandlersOf } from './handlers.ts'

/** `no-transform` and `X-Accel-Buffering` ask proxies to pass each event on as it comes. */
const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

export function eventRoutes(streams: Streams, store: Store): HandlersOf<'GET /events'> {
  return {
    async 'GET /events'({ player, query, request, address }) {
      const lastEventId = request.headers.get('last-event-id') ?? undefined
      if (query.poll) return { status: 200, body: await streams.poll(player.key, lastEventId) }
      const leave = { address, until: player.expiresAt, isOver: () => isOver(store, player) }
      const body = await streams.open(player.key, lastEventId, leave)
      return new Response(body, { headers: streamHeaders })
    },
  }
}
