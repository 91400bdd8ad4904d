/** What was used lately, up to a number: whatever was not used for longest goes first. */

export interface BoundedMap<K, V> {
  get: (key: K) => V | undefined
  set: (key: K, value: V) => void
  has: (key: K) => boolean
  delete: (key: K) => void
}

export function createBoundedMap<K, V extends object>(most: number): BoundedMap<K, V> {
  const kept = new Map<K, V>()
  return {
    get(key) {
      const value = kept.get(key)
      if (value === undefined) return undefined
      kept.delete(key)
      kept.set(key, value)
      return value
    },

    set(key, value) {
      kept.delete(key)
      kept.set(key, value)
      const [oldest] = kept.keys()
      if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    },

    has: (key) => kept.has(key),
    delete: (key) => void kept.delete(key),
  }
}
