/**
 * For browsers in which tabs cannot agree on one stream: two windows in view have one each, and further ones ask the
 * relay from time to time. That they are there they write down where each of them reads it.
 */
import { follow, type LiveParts } from './live.ts'

/** What the browser keeps for the game. */
export interface SharedStorage {
  get<T>(name: string): T | undefined
  set(name: string, value: unknown): void
  onElsewhere(listener: () => void): () => void
}

/** A window, and how often it has said so. */
type Entry = [window: number, beats: number]

const name = 'streams'
const most = 2
const tickMs = 5_000
/** A window that says nothing for so many of our ticks is gone. No clock is read: somebody may set it. */
const missableTicks = 3

export function startFewStreams(parts: LiveParts, storage: SharedStorage): () => void {
  const me = Math.random()
  const others = new Map<number, { beats: number; ticks: number }>()
  let beats = 0
  let isStreaming: boolean | undefined
  let end = () => {}

  const read = () => storage.get<Entry[]>(name) ?? []
  const write = (entries: Entry[]) => storage.set(name, entries.length ? entries : undefined)
  const isThere = ([window, beats]: Entry) => {
    if (window === me) return true
    const known = others.get(window)
    if (known?.beats === beats) return known.ticks < missableTicks
    others.set(window, { beats, ticks: 0 })
    return true
  }
  /** @returns whether this window has a place among those that stream */
  const takePlace = (isTick: boolean) => {
    // Nothing is kept in the browser before the player acts.
    if (!storage.get('acted')) return false
    const there = read().filter(isThere)
    const at = there.findIndex(([window]) => window === me)
    const place = at < 0 ? there.length : at
    const isPlaced = place < most
    if (isPlaced && (at < 0 || isTick)) {
      beats += 1
      there[place] = [me, beats]
      write(there)
    }
    return isPlaced
  }
  const look = (isTick: boolean) => {
    const mayStream = takePlace(isTick)
    if (mayStream === isStreaming) return
    isStreaming = mayStream
    end()
    end = follow({ ...parts, asks: !mayStream })
  }

  const timer = setInterval(() => {
    for (const other of others.values()) other.ticks += 1
    look(true)
  }, tickMs)
  const stopHearing = storage.onElsewhere(() => look(false))
  look(false)
  return () => {
    clearInterval(timer)
    stopHearing()
    end()
    const left = read()
    if (left.some(([window]) => window === me)) write(left.filter(([window]) => window !== me))
  }
}
