/**
 * Event streams. A stream holds a position in the ledger's event log and nothing else: events wait in the ledger, not in
 * memory, and are read when the player's side takes them.
 */
import { scheduler } from 'node:timers/promises'
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import { type EventBatch, PlayerEvent } from '../contract/event.ts'
import type { FairQueue } from '../fair-queue.ts'
import type { Games } from '../games.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { EventRow } from '../store/events.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { Capacity } from './capacity.ts'
import { latestOfEach, presentEvent } from './events.ts'
import { createSignal, type Signal } from './signal.ts'
import type { Watch } from './watch.ts'

export interface StreamParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  watch: Pick<Watch, 'follow'>
  log: Log
  metrics: Metrics
  capacity: Capacity
  /** For telling what has happened since. */
  replays: FairQueue
}

export interface Streams {
  /** The body of `GET /events`. @throws Refusal where there is no room */
  open: (player: PlayerKey, lastEventId: string | undefined, leave: Leave) => Promise<ReadableStream<Uint8Array>>
  /** The answer to `?poll=1`. */
  poll: (player: PlayerKey, lastEventId: string | undefined) => Promise<EventBatch>
  /** Ends every stream, so that the process can. */
  stop: () => void
}

/** From where and how long a player listens. */
export interface Leave {
  address: string | undefined
  /** When their token ends, and the stream with it. */
  until: Date
  /** Asked before each piece of news: who signed out, on whatever relay, hears nothing more. */
  isOver: () => Promise<boolean>
}

const batchSize = 50
/** A player's tabs and devices; the oldest stream gives way to a further one. */
const streamsPerPlayer = 8
/** How often news that another relay wrote is looked for. */
const otherRelaysMs = 1_000
const nextPollSeconds = 10
/** Whoever has not asked again for so long has stopped. */
const pollerMs = 3 * nextPollSeconds * 1_000

/**
 * Whoever names no event has just read what there is, and what has happened since is told as well. Longer than a page takes
 * to open its stream over a bad line.
 */
const justReadMs = 120_000

/** Sequences that may have been given out before, and committed after, the newest one seen. */
const lookBack = 200

interface OpenStream {
  wake: () => void
  end: () => void
}

interface Position {
  sequence: number
  mustResync: boolean
}

export function createStreams(parts: StreamParts): Streams {
  const { store, bells, games, watch, log, metrics, capacity, replays } = parts
  const streams = new Map<PlayerKey, Set<OpenStream>>()
  const pollers = new Map<PlayerKey, { timer: NodeJS.Timeout; unfollow: () => void }>()
  const encoder = new TextEncoder()

  async function positionOf(player: PlayerKey, lastEventId: string | undefined): Promise<Position> {
    const until = lastEventId === undefined ? new Date(parts.clock.now().getTime() - justReadMs) : undefined
    const [{ oldest, newest }, newestOwn] = await Promise.all([
      store.events.range(),
      store.events.newestOf(player, until),
    ])
    const now = Math.max(newestOwn, oldest - 1, 0)
    if (lastEventId === undefined) return { sequence: now, mustResync: false }
    const sequence = /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : -1
    const isReplayable = sequence >= oldest - 1 && sequence <= newest
    return isReplayable ? { sequence, mustResync: false } : { sequence: now, mustResync: true }
  }

  async function present(row: EventRow): Promise<PlayerEvent | undefined> {
    const event = await presentEvent(store, games, row)
    // Through the contract's schema on the way out, so that nothing unnamed can leave.
    return event && PlayerEvent.parse(event)
  }

  async function open(
    player: PlayerKey,
    lastEventId: string | undefined,
    leave: Leave,
  ): Promise<ReadableStream<Uint8Array>> {
    const giveBack = capacity.take(leave.address)
    const position = await positionOf(player, lastEventId).catch((error: unknown) => {
      giveBack()
      throw error
    })
    const signal = createSignal()
    const lines = follow(player, position, leave, signal)
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { value, done } = await lines.next()
          if (done) {
            giveBack()
            controller.close()
          } else controller.enqueue(encoder.encode(value))
        },
        async cancel() {
          giveBack()
          // Otherwise it would first wait for what the player has left: news, or the next heartbeat.
          signal.end()
          await lines.return(undefined)
        },
      },
      { highWaterMark: 1 },
    )
  }

  async function* follow(
    player: PlayerKey,
    position: Position,
    leave: Leave,
    signal: Signal,
  ): AsyncGenerator<string, undefined> {
    const stream = register(player, signal)
    const unfollow = watch.follow(player)
    const ending = setTimeout(stream.end, Math.min(leave.until.getTime() - parts.clock.now().getTime(), 2_147_483_647))
    try {
      // With a place to come back to, even if nothing happens.
      yield `id: ${position.sequence}\n: welcome\n\n`
      if (position.mustResync) yield frame(String(position.sequence), { type: 'resync', data: {} })
      while (!signal.ended) {
        signal.rung = false
        if (await leave.isOver()) break
        const hadNews = yield* newsSince(player, position, stream)
        if (!hadNews && !(await signal.wait())) yield ': still here\n\n'
      }
    } catch (error) {
      log.error({ err: error }, 'an event stream broke off')
    } finally {
      clearTimeout(ending)
      unfollow()
      unregister(player, stream)
    }
    return undefined
  }

  /** Moves the position along as it goes. @returns whether there was anything */
  async function* newsSince(
    player: PlayerKey,
    position: Position,
    stream: OpenStream,
  ): AsyncGenerator<string, boolean> {
    const rows = await store.events.since(player, position.sequence, batchSize)
    for (const row of latestOfEach(rows)) {
      position.sequence = Number(row.sequence)
      const event = await replays.run(player, () => present(row))
      // Whoever comes back after it is a new player.
      if (isEndOfErasure(event)) stream.end()
      if (event) yield frame(String(row.sequence), event)
    }
    return rows.length > 0
  }

  async function batchSince(player: PlayerKey, lastEventId: string | undefined): Promise<EventBatch> {
    const position = await positionOf(player, lastEventId)
    const rows = await store.events.since(player, position.sequence, batchSize)
    const events: EventBatch['events'] = position.mustResync ? [resyncAt(position.sequence)] : []
    for (const row of latestOfEach(rows)) {
      // Reading a ledger in a file never waits: without this, one player's news would be everybody's delay.
      await scheduler.yield()
      const event = await present(row)
      if (event) events.push({ id: String(row.sequence), event })
    }
    const last = Number(rows.at(-1)?.sequence ?? position.sequence)
    return { events, lastEventId: String(last), nextPollSeconds: rows.length === batchSize ? 0 : nextPollSeconds }
  }

  function register(player: PlayerKey, signal: Signal): OpenStream {
    const stream: OpenStream = { wake: signal.ring, end: signal.end }
    const own = streams.get(player) ?? new Set()
    streams.set(player, own)
    const [oldest] = own
    if (oldest && own.size >= streamsPerPlayer) oldest.end()
    own.add(stream)
    metrics.streams.inc()
    return stream
  }

  function unregister(player: PlayerKey, stream: OpenStream): void {
    const own = streams.get(player)
    if (!own?.delete(stream)) return
    if (own.size === 0) streams.delete(player)
    metrics.streams.dec()
  }

  function wake(player: PlayerKey): void {
    for (const stream of streams.get(player) ?? []) stream.wake()
  }

  /** Asking is looking on, as a stream is: without it nobody would ask the vendor. */
  function followPoller(player: PlayerKey): void {
    const known = pollers.get(player)
    if (known) return void known.timer.refresh()
    const timer = setTimeout(() => letGoOf(player), pollerMs).unref()
    pollers.set(player, { timer, unfollow: watch.follow(player) })
  }

  function letGoOf(player: PlayerKey): void {
    const { timer, unfollow } = pollers.get(player) ?? {}
    clearTimeout(timer)
    unfollow?.()
    pollers.delete(player)
  }

  let seen: number | undefined
  async function listenToOtherRelays(): Promise<void> {
    if (streams.size === 0) {
      seen = undefined
      return
    }
    const { newest } = await store.events.range()
    if (seen !== undefined && newest > seen)
      for (const player of await store.events.playersSince(seen - lookBack)) wake(player)
    seen = newest
  }

  const stopListening = bells.player.listen(wake)
  let isListening = false
  const timer = setInterval(() => {
    // A ledger that is slow to answer is not asked once more meanwhile.
    if (isListening) return
    isListening = true
    listenToOtherRelays()
      .catch((error: unknown) => log.error({ err: error }, 'the event log could not be read'))
      .finally(() => {
        isListening = false
      })
  }, otherRelaysMs)
  timer.unref()

  return {
    open,
    poll(player, lastEventId) {
      followPoller(player)
      return replays.run(player, () => batchSince(player, lastEventId))
    },
    stop: () => {
      clearInterval(timer)
      stopListening()
      for (const player of pollers.keys()) letGoOf(player)
      for (const own of streams.values()) for (const stream of own) stream.end()
    },
  }
}

function resyncAt(sequence: number): EventBatch['events'][number] {
  return { id: String(sequence), event: { type: 'resync', data: {} } }
}

function frame(id: string, { type, data }: PlayerEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

function isEndOfErasure(event: PlayerEvent | undefined): boolean {
  return event?.type === 'deletion-changed' && event.data.request.status === 'done'
}
