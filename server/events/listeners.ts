/** Who listens: every open event stream of this relay, each no more than a position in the event log and a line to write to. */
import type { Metrics } from '../runtime/metrics.ts'
import type { PlayerKey } from '../store/tables.ts'

/** Where what is said on a stream goes. */
export interface Line {
  /** @returns false once the other side takes nothing more for now */
  write: (piece: string | Uint8Array) => boolean
  end: () => unknown
}

export interface Listener {
  readonly player: PlayerKey
  /** Of a token that the relay issued: who signs out hears nothing more. */
  readonly sessionId: string | undefined
  /** When the token ends, and the stream with it; milliseconds since the epoch. */
  readonly until: number
  readonly line: Line
  /** The newest event of the player's that was told, or need not be. */
  sequence: number
  /** It is being told what has happened since; what happens meanwhile comes with it. */
  isCatchingUp: boolean
  /** Something has happened since the last look into the ledger. */
  hasMore: boolean
  /** The other side takes nothing more for now. */
  isBlocked: boolean
  hasEnded: boolean
  /** Which heartbeat is its. */
  beat: number
  /** What it holds elsewhere, and gives back. */
  letGo: () => void
}

export interface Listeners {
  add: (listener: Listener) => void
  /** @returns false where it was none */
  remove: (listener: Listener) => boolean
  of: (player: PlayerKey) => readonly Listener[]
  all: () => Listener[]
  count: () => number
}

/** A player's tabs and devices; the oldest stream gives way to a further one. */
const streamsPerPlayer = 8

/** @param end - ends one that has to give way */
export function createListeners(streams: Metrics['streams'], end: (listener: Listener) => void): Listeners {
  const byPlayer = new Map<PlayerKey, Listener[]>()
  let count = 0

  return {
    add(listener) {
      const own = byPlayer.get(listener.player) ?? []
      const [oldest] = own
      if (oldest && own.length >= streamsPerPlayer) end(oldest)
      byPlayer.set(listener.player, [...(byPlayer.get(listener.player) ?? []), listener])
      count += 1
      streams.inc()
    },

    remove(listener) {
      const own = byPlayer.get(listener.player)
      if (!own?.includes(listener)) return false
      if (own.length === 1) byPlayer.delete(listener.player)
      else
        byPlayer.set(
          listener.player,
          own.filter((other) => other !== listener),
        )
      count -= 1
      streams.dec()
      return true
    },

    of: (player) => byPlayer.get(player) ?? [],
    all: () => [...byPlayer.values()].flat(),
    count: () => count,
  }
}
