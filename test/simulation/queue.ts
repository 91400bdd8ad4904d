/** What is to happen, soonest first; of what is to happen at one moment, what was put in first. */

export interface Entry {
  at: number
  order: number
}

export interface Queue<T extends Entry> {
  add: (entry: T) => void
  /** Takes the next one out. */
  take: () => T | undefined
  size: () => number
}

/** A binary heap. */
export function createQueue<T extends Entry>(): Queue<T> {
  const heap: T[] = []

  function isBefore(a: number, b: number): boolean {
    const [one, other] = [heap[a], heap[b]]
    if (!one || !other) return one !== undefined
    return one.at < other.at || (one.at === other.at && one.order < other.order)
  }

  function swap(a: number, b: number): void {
    const [one, other] = [heap[a], heap[b]]
    if (!one || !other) return
    heap[a] = other
    heap[b] = one
  }

  function rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(at, parent)) return
      swap(at, parent)
      at = parent
    }
  }

  function sink(): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const least = isBefore(left + 1, left) ? left + 1 : left
      if (least >= heap.length || !isBefore(least, at)) return
      swap(at, least)
      at = least
    }
  }

  return {
    add: (entry) => {
      heap.push(entry)
      rise(heap.length - 1)
    },
    take: () => {
      const first = heap[0]
      const last = heap.pop()
      if (last && heap.length > 0) {
        heap[0] = last
        sink()
      }
      return first
    },
    size: () => heap.length,
  }
}
