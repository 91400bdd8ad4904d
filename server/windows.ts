/** Counts by key in this process's memory: a key's window begins when it is first counted, and its count ends with it. */

export interface Counted {
  /** In the window, those just added included. */
  count: number
  /** Milliseconds. */
  endsInMs: number
}

export interface Windows {
  /** @param windowMs - of a window that this opens, and no longer than those of the others */
  add: (key: string, by: number, windowMs?: number) => Counted
}

interface Window {
  count: number
  endsAt: number
}

export function createWindows(defaultMs: number): Windows {
  /** In the order in which they were opened, so that those which are over stand first. */
  const windows = new Map<string, Window>()

  function dropOld(now: number): void {
    for (const [key, { endsAt }] of windows) {
      if (endsAt > now) return
      windows.delete(key)
    }
  }

  function open(key: string, count: number, endsAt: number): void {
    // Taken out first: it is to stand last.
    windows.delete(key)
    windows.set(key, { count, endsAt })
  }

  return {
    add(key, by, windowMs = defaultMs) {
      // Of a clock that nobody sets, and whole: sums of fractions are off by a little.
      const now = Math.floor(performance.now())
      const known = windows.get(key)
      if (known && known.endsAt > now) {
        known.count += by
        return { count: known.count, endsInMs: known.endsAt - now }
      }
      dropOld(now)
      if (by > 0) open(key, by, now + windowMs)
      return { count: by, endsInMs: windowMs }
    },
  }
}
