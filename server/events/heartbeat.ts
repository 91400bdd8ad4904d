/** One timer for the heartbeats of all streams: every quarter of a second some are due, and each is so every 20 seconds. */

export interface Heartbeat<T> {
  add: (member: T) => void
  remove: (member: T) => void
  stop: () => void
}

const tickMs = 250
/** So few at a time that nothing else has to wait for them, and so seldom that a late tick is not missed. */
const rounds = 80
export const heartbeatMs = rounds * tickMs

/** @param beat - is given all that are due at this moment, and which share of all rounds theirs is: from 0 to 1 */
export function createHeartbeat<T extends { beat: number }>(
  beat: (members: Iterable<T>, share: number) => void,
): Heartbeat<T> {
  const members = Array.from({ length: rounds }, () => new Set<T>())
  let size = 0
  let given = 0
  let next = 0
  let timer: NodeJS.Timeout | undefined

  function tick(): void {
    next = (next + 1) % rounds
    const due = members[next]
    if (due && due.size > 0) beat(due, next / rounds)
  }

  function pause(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    add(member) {
      // In turn and not by when they came: streams that a restart has brought back all at once are due one after the other.
      member.beat = given++ % rounds
      members[member.beat]?.add(member)
      size += 1
      timer ??= setInterval(tick, tickMs).unref()
    },

    remove(member) {
      if (!members[member.beat]?.delete(member)) return
      size -= 1
      if (size === 0) pause()
    },

    stop: pause,
  }
}
