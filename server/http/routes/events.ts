/** News for a player: a stream, or at once for networks that hold streams back. */
import type { Streams } from '../../events/streams.ts'
import type { EventStreams } from '../event-stream.ts'
import type { HandlersOf } from '../handlers.ts'

export function eventRoutes(streams: Streams, eventStreams: Pick<EventStreams, 'answer'>): HandlersOf<'GET /events'> {
  return {
    async 'GET /events'({ player, query, request, address }) {
      const lastEventId = request.headers.get('last-event-id') ?? undefined
      if (query.poll) return { status: 200, body: await streams.poll(player.key, lastEventId) }
      const leave = { address, until: player.expiresAt, sessionId: player.sessionId }
      return eventStreams.answer(request, await streams.open(player.key, lastEventId, leave))
    },
  }
}
