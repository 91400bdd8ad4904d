/** Time by hand, for several tabs of one browser at once. What takes no time (locks, channels, promises) happens as ever. */
import type { Clock } from '../../widget/state/clock.ts'

interface Timer {
  at: number
  run(): void
}

export interface VirtualTime {
  now(): number
  /** @param aheadMs how wrong the device's clock is */
  clock(aheadMs?: number): Clock
  /** Lets so much time pass, timer by timer. */
  pass(ms: number): Promise<void>
  /** Lets come to its end what needs no time. */
  settle(): Promise<void>
}

/** An endless loop of timers that wait for nothing would never end. */
const mostTimers = 5000

export function createVirtualTime(): VirtualTime {
  let now = Date.parse('2026-03-01T12:00:00Z')
  let timers: Timer[] = []

  const settle = async () => {
    // The manager answers in the order it was asked.
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve))
      await navigator.locks?.query()
    }
  }
  const next = (until: number) => timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]

  return {
    now: () => now,
    clock: (aheadMs = 0) => ({
      now: () => now + aheadMs,
      after(ms, run) {
        const timer = { at: now + ms, run }
        timers.push(timer)
        return () => {
          timers = timers.filter((one) => one !== timer)
        }
      },
    }),
    async pass(ms) {
      const until = now + ms
      await settle()
      let fired = 0
      for (let timer = next(until); timer; timer = next(until)) {
        fired += 1
        if (fired > mostTimers) throw Error('timers without end')
        const { at, run } = timer
        timers = timers.filter((one) => one !== timer)
        now = Math.max(now, at)
        run()
        await settle()
      }
      now = until
    },
    settle,
  }
}
