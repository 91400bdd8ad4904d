/** What is kept in the browser for one game. Every access may throw, in a private window or a sandboxed frame. */

export interface Storage {
  get<T>(name: string): T | undefined
  /** `undefined` takes it away. */
  set(name: string, value: unknown): void
  /** Of what is kept here, those that begin so. */
  names(beginning: string): string[]
  /** The name that a page of this tab has left, if one has. */
  page(): string | undefined
  keepPage(name: string): void
  wipe(): void
  /** False once the browser has refused something. */
  keeps(): boolean
  /** Tells the other tabs, and keeps nothing. */
  tell(word: string): void
  /**
   * Tells what another tab has changed or told, and what may have changed while this page was put away.
   *
   * @returns takes the listener off
   */
  onElsewhere(listener: (word?: string) => void): () => void
}

/** Where the browser refuses, values last as long as the page. */
export function createStorage(game: string): Storage {
  const prefix = `medkit:${game}:`
  const told = `${prefix}told`
  const memory = new Map<string, unknown>()
  return {
    get<T>(name: string) {
      if (memory.has(name)) return memory.get(name) as T
      return attempt(() => {
        const text = localStorage.getItem(prefix + name)
        return text === null ? undefined : (JSON.parse(text) as T)
      })
    },
    set(name, value) {
      const kept = attempt(() => {
        if (value === undefined) localStorage.removeItem(prefix + name)
        else localStorage.setItem(prefix + name, JSON.stringify(value))
        return true
      })
      if (kept || value === undefined) memory.delete(name)
      else memory.set(name, value)
    },
    names(beginning) {
      const all = attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(prefix))) ?? []
      return [...memory.keys(), ...all.map((name) => name.slice(prefix.length))].filter((name) =>
        name.startsWith(beginning),
      )
    },
    page: () => attempt(() => sessionStorage.getItem(`${prefix}page`)) ?? undefined,
    keepPage(name) {
      attempt(() => sessionStorage.setItem(`${prefix}page`, name))
    },
    tell(word) {
      attempt(() => {
        localStorage.setItem(told, word)
        localStorage.removeItem(told)
      })
    },
    onElsewhere(listener) {
      const hear = ({ key, newValue }: StorageEvent) => {
        // Without a key all of it was cleared, by a game that knows nothing of us: nobody has signed out.
        if (key?.startsWith(prefix)) listener((key === told && newValue) || undefined)
      }
      const comeBack = ({ persisted }: PageTransitionEvent) => {
        if (persisted) listener()
      }
      addEventListener('storage', hear)
      addEventListener('pageshow', comeBack)
      return () => {
        removeEventListener('storage', hear)
        removeEventListener('pageshow', comeBack)
      }
    },
    keeps: () => !memory.size,
    wipe() {
      memory.clear()
      attempt(() => sessionStorage.removeItem(`${prefix}page`))
      // Other tabs hear of it also where nothing was left to take away.
      attempt(() => localStorage.setItem(`${prefix}wiped`, ''))
      attempt(() => {
        for (const name of Object.keys(localStorage)) if (name.startsWith(prefix)) localStorage.removeItem(name)
      })
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
