/** One timer for the heartbeats of all streams: every second some are due, and each is so every 20 seconds. */

export interface Heartbeat<T> {
  add: (member: T) => void
  remove: (member: T) => void
  stop: () => void
}

const everySeconds = 20
export const heartbeatMs = everySeconds * 1_000

/** @param beat - is given all that are due at this moment */
export function createHeartbeat<T extends { beat: number }>(beat: (members: Iterable<T>) => void): Heartbeat<T> {
  const rounds = Array.from({ length: everySeconds }, () => new Set<T>())
  let size = 0
  let given = 0
  let next = 0
  let timer: NodeJS.Timeout | undefined

  function tick(): void {
    next = (next + 1) % everySeconds
    const due = rounds[next]
    if (due && due.size > 0) beat(due)
  }

  function pause(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    add(member) {
      // In turn and not by when they came: streams that a restart has brought back all at once are due one after the other.
      member.beat = given++ % everySeconds
      rounds[member.beat]?.add(member)
      size += 1
      timer ??= setInterval(tick, 1_000).unref()
    },

    remove(member) {
      if (!rounds[member.beat]?.delete(member)) return
      size -= 1
      if (size === 0) pause()
    },

    stop: pause,
  }
}
