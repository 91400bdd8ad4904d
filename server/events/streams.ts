/**
 * Event streams. A stream holds a position in the ledger's event log and nothing else: events wait in the ledger, not in
 * memory, and are read when something has happened and the player's side takes it.
 */
import { scheduler } from 'node:timers/promises'
import type { Games } from '../config/games.ts'
import type { EventBatch } from '../contract/event.ts'
import type { Clock } from '../runtime/clock.ts'
import type { FairQueue } from '../runtime/fair-queue.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { Sync } from '../tickets/sync/sync.ts'
import type { Capacity } from './capacity.ts'
import { createFanOut } from './fan-out.ts'
import { createHeartbeat, heartbeatMs } from './heartbeat.ts'
import { createListeners, type Line, type Listener } from './listeners.ts'
import { frame, latestOfEach, presentEvents } from './present.ts'
import { comeBackAfterMs } from './reconnect-delay.ts'

export interface StreamParts {
  store: Store
  clock: Clock
  notifier: Notifier
  games: Games
  sync: Pick<Sync, 'follow'>
  log: Log
  metrics: Metrics
  capacity: Capacity
  /** For telling what has happened since. */
  replays: FairQueue
}

export interface Streams {
  /** What `GET /events` answers with. @throws Refusal where there is no room, or none any more */
  open: (player: PlayerKey, lastEventId: string | undefined, leave: Leave) => Promise<Stream>
  /** The answer to `?poll=1`. */
  poll: (player: PlayerKey, lastEventId: string | undefined) => Promise<EventBatch>
  /** Ends every stream, and lets their players come back one after the other: wherever they are led to. */
  stop: () => void
}

/** A stream that has its place, from {@link Streams.open} on until `left`. */
export interface Stream {
  /** What is told goes there from now on. Once. */
  begin: (line: Line) => void
  /** The line takes more again. */
  drained: () => void
  /** The player has left, begun or not. */
  left: () => void
}

/** From where and how long a player listens. */
export interface Leave {
  address: string | undefined
  /** When their token ends, and the stream with it. */
  until: Date
  /** Of a session of the relay's: who signed out, on whatever relay, hears nothing more. */
  sessionId?: string | undefined
}

const batchSize = 50
/** How often news that another relay wrote is looked for, and who has signed out there. */
const otherRelaysMs = 1_000
const nextPollSeconds = 10
/** For whoever asks a relay that is just ending. */
const endingSeconds = 2
/** Whoever has not asked again for so long has stopped. */
const pollerMs = 3 * nextPollSeconds * 1_000

/**
 * Whoever names no event has just read what there is, and what has happened since is told as well. Longer than a page takes
 * to open its stream over a bad line.
 */
const justReadMs = 120_000

/** Sequences that may have been given out before, and committed after, the newest one seen: where there are other writers. */
const lookBack = 200

interface Position {
  sequence: number
  mustResync: boolean
}

export function createStreams(parts: StreamParts): Streams {
  const { store, clock, notifier, games, sync, log, metrics, capacity, replays } = parts
  const listeners = createListeners(metrics.streams, end)
  const heartbeat = createHeartbeat<Listener>(beat)
  const news = createFanOut({ store, games, log, replays, of: listeners.of, end })
  const pollers = new Map<PlayerKey, { timer: NodeJS.Timeout; unfollow: () => void }>()
  let hasStopped = false

  async function positionOf(player: PlayerKey, lastEventId: string | undefined): Promise<Position> {
    const until = lastEventId === undefined ? new Date(clock.now().getTime() - justReadMs) : undefined
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

  async function open(player: PlayerKey, lastEventId: string | undefined, leave: Leave): Promise<Stream> {
    if (hasStopped) throw new Refusal('overloaded', { retryAfterSeconds: endingSeconds })
    const giveBack = capacity.take(leave.address)
    const position = await positionOf(player, lastEventId).catch((error: unknown) => {
      giveBack()
      throw error
    })
    let listener: Listener | undefined
    return {
      begin: (line) => {
        listener = listen(player, position.sequence, leave, { line, giveBack })
        // With a place to come back to, even if nothing happens.
        line.write(`id: ${position.sequence}\n: welcome\n\n${retryAt(Math.random())}\n`)
        if (hasStopped) return end(listener)
        if (position.mustResync) line.write(frame(position.sequence, { type: 'resync', data: {} }))
        void news.catchUp(listener)
      },
      drained: () => {
        if (!listener) return
        listener.isBlocked = false
        void news.catchUp(listener)
      },
      left: () => {
        if (listener) letGo(listener)
        else giveBack()
      },
    }
  }

  function listen(
    player: PlayerKey,
    sequence: number,
    { until, sessionId }: Leave,
    { line, giveBack }: { line: Line; giveBack: () => void },
  ): Listener {
    const unfollow = sync.follow(player)
    const listener: Listener = {
      player,
      sessionId,
      until: until.getTime(),
      line,
      sequence,
      isCatchingUp: false,
      hasMore: false,
      isBlocked: false,
      hasEnded: false,
      beat: 0,
      letGo: () => {
        unfollow()
        giveBack()
      },
    }
    listeners.add(listener)
    heartbeat.add(listener)
    endInTime(listener)
    return listener
  }

  function letGo(listener: Listener): void {
    listener.hasEnded = true
    if (!listeners.remove(listener)) return
    heartbeat.remove(listener)
    listener.letGo()
  }

  function end(listener: Listener): void {
    if (listener.hasEnded) return
    letGo(listener)
    listener.line.end()
  }

  /** A timer of its own has only who is about to be ended. */
  function endInTime(listener: Listener): void {
    const leftMs = listener.until - clock.now().getTime()
    if (leftMs <= heartbeatMs) setTimeout(() => end(listener), Math.max(0, leftMs)).unref()
  }

  /** The field that says when to come back. @param place - among all streams, from 0 to 1 */
  function retryAt(place: number): string {
    return `retry: ${comeBackAfterMs(listeners.count(), place)}\n`
  }

  function beat(due: Iterable<Listener>, share: number): void {
    // One for all of them, and said anew each time: a relay that dies has no time to, and there may be more by now.
    const heartbeat = Buffer.from(`${retryAt(share)}: still here\n\n`)
    for (const listener of due) {
      endInTime(listener)
      // Silence is what shows that nobody is there any more to take what has been said already.
      if (!listener.isBlocked) listener.isBlocked = !listener.line.write(heartbeat)
      if (store.isShared) mayBeOver.push(listener)
    }
  }

  async function batchSince(player: PlayerKey, lastEventId: string | undefined): Promise<EventBatch> {
    const position = await positionOf(player, lastEventId)
    const rows = await store.events.since(player, position.sequence, batchSize)
    const events: EventBatch['events'] = position.mustResync ? [resyncAt(position.sequence)] : []
    for (const row of latestOfEach(rows)) {
      // Reading a ledger in a file never waits: without this, one player's news would be everybody's delay.
      await scheduler.yield()
      const [event] = await presentEvents(store, games, [row])
      if (event) events.push({ id: String(row.sequence), event })
    }
    const last = Number(rows.at(-1)?.sequence ?? position.sequence)
    return { events, lastEventId: String(last), nextPollSeconds: rows.length === batchSize ? 0 : nextPollSeconds }
  }

  /** Asking is looking on, as a stream is: without it nobody would ask the vendor. */
  function followPoller(player: PlayerKey): void {
    const known = pollers.get(player)
    if (known) return void known.timer.refresh()
    const timer = setTimeout(() => letGoOf(player), pollerMs).unref()
    pollers.set(player, { timer, unfollow: sync.follow(player) })
  }

  function letGoOf(player: PlayerKey): void {
    const { timer, unfollow } = pollers.get(player) ?? {}
    clearTimeout(timer)
    unfollow?.()
    pollers.delete(player)
  }

  /** Who has had a heartbeat since it was last looked for who has signed out elsewhere: who signs out here is woken by it. */
  let mayBeOver: Listener[] = []
  let seen: number | undefined
  async function listenToOtherRelays(): Promise<void> {
    const looked = mayBeOver
    mayBeOver = []
    if (looked.length > 0) await news.endThoseOver(looked)
    if (listeners.count() === 0) {
      seen = undefined
      return
    }
    const { newest } = await store.events.range()
    if (seen !== undefined && newest > seen)
      for (const player of await store.events.playersSince(seen - (store.isShared ? lookBack : 0))) news.wake(player)
    seen = newest
  }

  function noteUnread(error: unknown): void {
    log.error({ err: error }, 'the event log could not be read')
  }

  const stopListening = notifier.player.listen(news.wake)
  let isListening = false
  const timer = setInterval(() => {
    // A ledger that is slow to answer is not asked once more meanwhile.
    if (isListening) return
    isListening = true
    listenToOtherRelays()
      .catch(noteUnread)
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
      hasStopped = true
      clearInterval(timer)
      stopListening()
      heartbeat.stop()
      for (const player of pollers.keys()) letGoOf(player)
      const all = listeners.all()
      const count = all.length
      for (const [index, listener] of all.entries()) {
        listener.line.write(`retry: ${comeBackAfterMs(count, (index + Math.random()) / count)}\n\n`)
        end(listener)
      }
    },
  }
}

function resyncAt(sequence: number): EventBatch['events'][number] {
  return { id: String(sequence), event: { type: 'resync', data: {} } }
}
