/** The relay's events of one player, for tests of who listens: replayed from `Last-Event-ID`, streamed or asked for. */
import type { EventBatch, PlayerEvent } from '../../server/contract/event.ts'
import { type Call, RelayProblem } from '../../widget/relay/call.ts'

export interface EventLog {
  /** No other log has it. */
  name: string
  /** @param refuse throws where this tab is not let in */
  callOf(refuse?: () => void): Call
  tell(count: number): void
  /** Without telling it: who asks is told. */
  keep(count: number): void
  /** Breaks every line, and lets none be made until it is mended. */
  cut(isCut: boolean): void
  /** The streams that are open go silent, and look as if they were there. */
  mute(): void
  streams(): number
  /** How many streams were ever asked for. */
  opened(): number
}

interface Stream {
  controller: ReadableStreamDefaultController<Uint8Array>
  isMuted: boolean
}

const encoder = new TextEncoder()
let made = 0

export function createEventLog(): EventLog {
  const streams = new Set<Stream>()
  const log: { id: number; event: PlayerEvent }[] = []
  let isCut = false
  let opened = 0
  made += 1

  const since = (headers: Record<string, string> | undefined) => {
    const place = Number(headers?.['Last-Event-ID'] ?? 0)
    return { place, news: log.filter(({ id }) => id > place) }
  }
  const write = ({ controller, isMuted }: Stream, text: string) => {
    if (!isMuted) controller.enqueue(encoder.encode(text))
  }
  const lines = ({ id, event }: { id: number; event: PlayerEvent }) =>
    `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`
  const keep = (count: number) => {
    const one = { id: count, event: { type: 'unread', data: { count, unanswered: 0 } } satisfies PlayerEvent }
    log.push(one)
    return one
  }
  const pass = (refuse: () => void) => {
    if (isCut) throw new RelayProblem('offline')
    refuse()
  }

  return {
    name: `a log ${made}`,
    callOf(refuse = () => {}) {
      const poll = async (
        _route: string,
        { headers }: { headers?: Record<string, string> } = {},
      ): Promise<EventBatch> => {
        pass(refuse)
        const { place, news } = since(headers)
        const events = news.map(({ id, event }) => ({ id: String(id), event }))
        return { events, lastEventId: String(news.at(-1)?.id ?? place), nextPollSeconds: 1 }
      }
      const open = async (
        _route: string,
        { headers, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
      ) => {
        opened += 1
        pass(refuse)
        const { place, news } = since(headers)
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            const stream = { controller, isMuted: false }
            streams.add(stream)
            write(stream, `id: ${place}\n: welcome\n\n${news.map(lines).join('')}`)
            signal?.addEventListener('abort', () => {
              streams.delete(stream)
              controller.error(new DOMException('aborted', 'AbortError'))
            })
          },
        })
        return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
      }
      return Object.assign(poll, { open }) as unknown as Call
    },
    tell(count) {
      const one = keep(count)
      for (const stream of streams) write(stream, lines(one))
    },
    keep,
    cut(cut) {
      isCut = cut
      if (!cut) return
      for (const { controller } of streams) controller.error(new TypeError('network error'))
      streams.clear()
    },
    mute() {
      for (const stream of streams) stream.isMuted = true
    },
    streams: () => streams.size,
    opened: () => opened,
  }
}
