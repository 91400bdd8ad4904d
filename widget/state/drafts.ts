/**
 * What is being written, from the first key: kept with its writer, shown to nobody else, and each page's apart, so that of
 * two tabs neither overwrites what the other one shows. A page that comes later begins with the newest. With its first key
 * it takes that over, or whatever has been corrected since would come back once it is sent; a tab that shows it still puts
 * it back.
 */

import type { ReadonlySignal } from '@preact/signals-core'
import type { Clock } from './clock.ts'
import { isTheirs, type Owner } from './owner.ts'
import { randomName } from './random.ts'
import type { Storage } from './storage.ts'

export interface Drafts {
  /** What this page has, else what the tab had before it was loaded anew, else the newest of any tab. */
  get<T>(name: string): T | undefined
  /** `undefined` takes it away. */
  set(name: string, value: unknown): void
  /** It is on its way, and not to be written once more. @returns takes it away, here and in other tabs; what says more stays */
  send(name: string, words: string): () => void
  /** Whoever has written here as nobody has said who they are. */
  claim(): void
  /** Another tab may have taken over what this page shows. */
  putBack(): void
  /** Out of memory. */
  forget(): void
}

interface Kept {
  owner?: Owner
  /** Missing where an earlier version wrote it. */
  at?: number
  value?: unknown
  /** By a later page. Left until that is sent, so that a tab which has slept finds it. */
  taken?: true
}

/** Any instant is less. */
const first = Number.MAX_SAFE_INTEGER

export function createDrafts(storage: Storage, clock: Clock, owner: ReadonlySignal<Owner>): Drafts {
  const page = randomName()
  const before = storage.page()
  /** What this page shows, by where it is kept. */
  const shown = new Map<string, Kept>()
  /** Where that comes from which this page has been offered, until its first key. */
  const offered = new Map<string, string>()
  /** On its way, and kept until something else keeps it. */
  const leaving = new Set<string>()

  const all = (name: string) =>
    storage
      .names(name)
      .filter((place) => place === name || place.startsWith(`${name}@`))
      .map((place) => ({ place, kept: storage.get<Kept>(place) ?? {} }))
  const mine = ({ owner: writer, taken }: Kept) => !taken && isTheirs(writer, owner.peek())
  const own = (name: string) => `${name}@${page}`
  const rank = (name: string, place: string, { at = 0 }: Kept) => {
    if (place === own(name)) return first
    return place === `${name}@${before}` ? first - 1 : at
  }
  const put = (place: string, value: unknown) => {
    const kept = { owner: owner.peek(), at: clock.now(), value }
    shown.set(place, kept)
    // While the name has not come, it is in no storage: it would be anybody's who signs in next, in whatever tab.
    storage.set(place, kept.owner === '' ? undefined : kept)
  }
  const remove = (place: string) => {
    shown.delete(place)
    storage.set(place, undefined)
  }
  const take = (name: string) => {
    const from = offered.get(name)
    if (from && storage.get(from)) storage.set(from, { taken: true })
    offered.delete(name)
  }
  const set = (name: string, value: unknown) => {
    take(name)
    storage.keepPage(page)
    if (value === undefined) remove(own(name))
    else put(own(name), value)
  }
  return {
    get<T>(name: string) {
      const [best] = all(name)
        .filter(({ kept }) => mine(kept) && ![...leaving].some((words) => says(words, kept)))
        .sort((a, b) => rank(name, b.place, b.kept) - rank(name, a.place, a.kept))
      if (best && !shown.has(best.place)) offered.set(name, best.place)
      return best?.kept.value as T | undefined
    },
    set,
    send(name, words) {
      leaving.add(words)
      return () => {
        leaving.delete(words)
        const here = own(name)
        for (const { place, kept } of [...all(name), { place: here, kept: shown.get(here) ?? {} }]) {
          // Whoever has sent it from here may be gone by now, or still have no name.
          const isSent = (place === here || mine(kept)) && says(words, kept)
          if (kept.taken || isSent) remove(place)
        }
        take(name)
      }
    },
    claim() {
      for (const [place, { owner: writer, value }] of shown) if (!writer) put(place, value)
    },
    putBack() {
      for (const [place, kept] of shown) if (storage.get<Kept>(place)?.taken) storage.set(place, kept)
    },
    forget() {
      shown.clear()
      offered.clear()
      leaving.clear()
    },
  }
}

/** Whether these words say all that a draft does. */
function says(words: string, { value }: Kept): boolean {
  const { message = value } = Object(value)
  return words.includes(String(message))
}
