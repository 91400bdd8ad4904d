/** One writer an upload. A newcomer asks the one before to stop: it may be a connection that died without a word. */

export interface Locks {
  /** Waits until the id is free, having told its holder to stop. Returns the release; releasing twice is harmless. */
  take(id: string, stop: () => void): Promise<() => void>
  /** Asks all holders to stop and waits until they are gone. */
  close(): Promise<void>
}

interface Holder {
  stop: () => void
  gone: Promise<void>
}

export function createLocks(): Locks {
  const holders = new Map<string, Holder>()

  async function take(id: string, stop: () => void): Promise<() => void> {
    for (let holder = holders.get(id); holder; holder = holders.get(id)) {
      holder.stop()
      await holder.gone
    }
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const mine: Holder = { stop, gone }
    holders.set(id, mine)
    return () => {
      if (holders.get(id) === mine) holders.delete(id)
      resolve()
    }
  }

  async function close(): Promise<void> {
    const all = [...holders.values()]
    for (const holder of all) holder.stop()
    await Promise.all(all.map((holder) => holder.gone))
  }

  return { take, close }
}
