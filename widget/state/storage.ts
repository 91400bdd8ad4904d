/** What is kept in the browser for one game. Every access may throw, in a private window or a sandboxed frame. */

import { listen } from './listen.ts'

export interface Storage {
  get<T>(name: string): T | undefined
  /** `undefined` takes it away. */
  set(name: string, value: unknown): void
  /** Of what is kept here, those that begin so. */
  names(beginning: string): string[]
  /** The name that a page of this tab has left, if one has. */
  page(): string | undefined
  keepPage(name: string): void
  /**
   * Somebody signs out. Where they had left something, `wiped` stays for ten seconds: a tab that hears of it late finds
   * more than a storage which a game has cleared.
   *
   * @param player whom other tabs may know without anything that is kept: told as `wiped`, and not kept either
   */
  wipe(player: string | undefined): void
  /** False once the browser has refused something. */
  keeps(): boolean
  /**
   * Tells what another tab has changed, and without a name that anything may have, while this page was put away.
   *
   * @param listener gets the value as it is kept: JSON
   * @returns takes the listener off
   */
  onElsewhere(listener: (name?: string, value?: string | null) => void): () => void
}

const wipedMs = 10_000

/** Where the browser refuses, values last as long as the page. */
export function createStorage(game: string): Storage {
  const prefix = `medkit:${game}:`
  const memory = new Map<string, unknown>()
  const get = <T>(name: string) => {
    if (memory.has(name)) return memory.get(name) as T
    return attempt(() => {
      const text = localStorage.getItem(prefix + name)
      return text === null ? undefined : (JSON.parse(text) as T)
    })
  }
  const set = (name: string, value: unknown) => {
    const kept = attempt(() => {
      if (value === undefined) localStorage.removeItem(prefix + name)
      else localStorage.setItem(prefix + name, JSON.stringify(value))
      return true
    })
    if (kept || value === undefined) memory.delete(name)
    else memory.set(name, value)
  }
  const names = (beginning: string) => {
    const all = attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(prefix))) ?? []
    return [...memory.keys(), ...all.map((name) => name.slice(prefix.length))].filter((name) =>
      name.startsWith(beginning),
    )
  }
  const unmark = () => {
    const mark = get('wiped')
    if (mark === undefined) return
    setTimeout(() => {
      if (get('wiped') === mark) set('wiped', undefined)
    }, wipedMs)
  }
  // Of a page that was closed before.
  unmark()
  return {
    get,
    set,
    names,
    page: () => attempt(() => sessionStorage.getItem(`${prefix}page`)) ?? undefined,
    keepPage(name) {
      attempt(() => sessionStorage.setItem(`${prefix}page`, name))
    },
    onElsewhere(listener) {
      const hear = ({ key, newValue }: StorageEvent) => {
        // Without a key all of it was cleared, by a game that knows nothing of us: nobody has signed out.
        if (key?.startsWith(prefix)) listener(key.slice(prefix.length), newValue)
      }
      const comeBack = ({ persisted }: PageTransitionEvent) => {
        if (persisted) listener()
      }
      return listen(globalThis, { storage: hear, pageshow: comeBack })
    },
    keeps: () => !memory.size,
    wipe(player) {
      const left = names('')
      const mark = Math.random()
      attempt(() => sessionStorage.removeItem(`${prefix}page`))
      // Other tabs hear of it also where nothing was left to take away; and nobody finds it empty and unmarked.
      set('wiped', player ?? mark)
      set('wiped', left.length ? mark : undefined)
      for (const name of left) if (name !== 'wiped') set(name, undefined)
      unmark()
    },
  }
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
