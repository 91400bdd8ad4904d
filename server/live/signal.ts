/** What an event stream waits for: a bell, its end, or a heartbeat, whichever comes first. */

export type Signal = ReturnType<typeof createSignal>

const heartbeatMs = 20_000

/** A bell that rang before the wait is not missed. */
export function createSignal() {
  let wake: ((rang: boolean) => void) | undefined
  const signal = {
    rung: false,
    ended: false,
    ring: () => {
      signal.rung = true
      wake?.(true)
    },
    end: () => {
      signal.ended = true
      wake?.(true)
    },
    /** @returns false when it was only time for a heartbeat */
    wait: () =>
      new Promise<boolean>((resolve) => {
        if (signal.rung || signal.ended) return resolve(true)
        const timer = setTimeout(() => wake?.(false), heartbeatMs)
        wake = (rang) => {
          clearTimeout(timer)
          wake = undefined
          resolve(rang)
        }
      }),
  }
  return signal
}
