/**
 * Tells listeners what has happened. Whoever is up to date is told together with others, in a few reads for all of them; who
 * is behind, because they have just come or take things in slowly, is caught up with one by one.
 */
import { scheduler } from 'node:timers/promises'
import type { Games } from '../config/games.ts'
import type { PlayerEvent } from '../contract/event.ts'
import type { FairQueue } from '../runtime/fair-queue.ts'
import type { Log } from '../runtime/log.ts'
import type { EventRow } from '../store/events.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { Listener } from './listeners.ts'
import { frame, latestOfEach, presentEvents } from './present.ts'

export interface FanOutParts {
  store: Store
  games: Games
  log: Log
  /** For what one listener has missed. */
  replays: FairQueue
  of: (player: PlayerKey) => readonly Listener[]
  end: (listener: Listener) => void
}

export interface FanOut {
  /** Something of this player's has happened. */
  wake: (player: PlayerKey) => void
  /** Tells what has happened since the listener's position. */
  catchUp: (listener: Listener) => Promise<void>
  /** Ends those whose session was signed out or whose player was merged, on whatever relay. */
  endThoseOver: (listeners: readonly Listener[]) => Promise<void>
}

const playersAtOnce = 50
const eventsAtOnce = 200
/** Of one player: who has more is told by themselves, and keeps nobody waiting. */
const eventsOfOne = 20
/** In one read for one listener. */
const missedAtOnce = 50

export function createFanOut({ store, games, log, replays, of, end }: FanOutParts): FanOut {
  const awake = new Set<PlayerKey>()
  let isTelling = false

  function wake(player: PlayerKey): void {
    if (of(player).length === 0) return
    awake.add(player)
    if (!isTelling) void tellAll()
  }

  async function tellAll(): Promise<void> {
    isTelling = true
    while (awake.size > 0) {
      // Whoever is woken in this turn comes along, and everything else has its turn in between.
      await scheduler.yield()
      const players = [...awake].slice(0, playersAtOnce)
      for (const player of players) awake.delete(player)
      await tell(players).catch(() => {
        // One by one: what cannot be told to one of them ends no stream but theirs.
        for (const listener of players.flatMap(of)) void catchUp(listener)
      })
    }
    isTelling = false
  }

  /** They come back and are told from where they were. */
  function breakOff(error: unknown, listener: Listener): void {
    log.error({ err: error }, 'an event stream broke off')
    end(listener)
  }

  async function tell(players: readonly PlayerKey[]): Promise<void> {
    const listeners = players.flatMap(of)
    await endThoseOver(listeners)
    for (const listener of listeners) if (!isUpToDate(listener)) listener.hasMore = true
    const rows = await store.events.sinceEach(players.flatMap(placeOf), eventsAtOnce)
    if (rows.length === eventsAtOnce) for (const player of players) awake.add(player)
    const shown = [...Map.groupBy(rows, (row) => row.player)].flatMap(([player, own]) => {
      if (own.length <= eventsOfOne) return latestOfEach(own)
      for (const listener of of(player)) void catchUp(listener)
      return []
    })
    const events = await presentEvents(store, games, shown)
    for (const [index, row] of shown.entries()) sayToAll(row, events[index])
  }

  /** From where on those of a player who are up to date are to be told. */
  function placeOf(player: PlayerKey): { player: PlayerKey; sequence: number }[] {
    const sequences = of(player)
      .filter(isUpToDate)
      .map(({ sequence }) => sequence)
    return sequences.length > 0 ? [{ player, sequence: Math.min(...sequences) }] : []
  }

  function sayToAll(row: EventRow, event: PlayerEvent | undefined): void {
    const text = event && frame(row.sequence, event)
    for (const listener of of(row.player))
      if (isUpToDate(listener) && row.sequence > listener.sequence) say(listener, row, event, text)
  }

  function say(listener: Listener, row: EventRow, event: PlayerEvent | undefined, text: string | undefined): void {
    listener.sequence = row.sequence
    if (text !== undefined && !listener.line.write(text)) listener.isBlocked = true
    // Whoever comes back after it is a new player.
    if (isEndOfErasure(event)) end(listener)
  }

  async function catchUp(listener: Listener): Promise<void> {
    listener.hasMore = true
    if (listener.isCatchingUp) return
    listener.isCatchingUp = true
    try {
      while (listener.hasMore && !listener.isBlocked && !listener.hasEnded) {
        listener.hasMore = false
        await tellMissed(listener)
      }
    } catch (error) {
      breakOff(error, listener)
    }
    listener.isCatchingUp = false
  }

  async function tellMissed(listener: Listener): Promise<void> {
    await endThoseOver([listener])
    const { player, sequence } = listener
    const rows = await store.events.since(player, sequence, missedAtOnce)
    if (rows.length > 0) listener.hasMore = true
    for (const row of latestOfEach(rows)) {
      if (listener.hasEnded || listener.isBlocked) return
      const [event] = await replays.run(player, () => presentEvents(store, games, [row]))
      if (!listener.hasEnded) say(listener, row, event, event && frame(row.sequence, event))
    }
  }

  async function endThoseOver(listeners: readonly Listener[]): Promise<void> {
    const sessions = listeners.flatMap(({ player, sessionId }) =>
      sessionId === undefined ? [] : [{ player, sessionId }],
    )
    const over = await store.players.overAmong(sessions)
    for (const listener of listeners)
      if (listener.sessionId !== undefined && over.has(listener.sessionId)) end(listener)
  }

  return { wake, catchUp, endThoseOver }
}

function isUpToDate({ isCatchingUp, isBlocked, hasEnded }: Listener): boolean {
  return !isCatchingUp && !isBlocked && !hasEnded
}

function isEndOfErasure(event: PlayerEvent | undefined): boolean {
  return event?.type === 'deletion-changed' && event.data.request.status === 'done'
}
