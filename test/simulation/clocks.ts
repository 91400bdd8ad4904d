/** Clocks that disagree and are set while they run: each is the world's time and whatever it is off by. */
import type { Clock } from '../../server/runtime/clock.ts'
import type { World } from './world.ts'

/** When every history begins, by a clock that is right. */
const beginning = Date.UTC(2026, 0, 1)

export interface SteppingClock extends Clock {
  /** Sets it forward, or back where negative. */
  step: (ms: number) => void
  /** Sets it right. */
  correct: () => void
  /**
   * The most time that whoever waits may take to have passed between two moments, both in the past: as much as did, or more
   * where it was set forward, though it was set back before.
   */
  mostBetween: (from: number, to: number) => number
}

export function createSteppingClock(world: World, skewMs: number): SteppingClock {
  /** From when on it was off by how much, oldest first. */
  const steps = [{ at: 0, offset: skewMs }]
  const offset = () => steps.at(-1)?.offset ?? 0

  return {
    now: () => new Date(beginning + world.now() + offset()),
    step: (ms) => steps.push({ at: world.now(), offset: offset() + ms }),
    correct: () => steps.push({ at: world.now(), offset: 0 }),
    mostBetween: (from, to) => {
      let [least, most] = [Number.POSITIVE_INFINITY, to - from]
      for (const [index, { at, offset }] of steps.entries()) {
        const [begin, end] = [Math.max(from, at), Math.min(to, steps[index + 1]?.at ?? to)]
        if (end < begin) continue
        least = Math.min(least, begin + offset)
        most = Math.max(most, end + offset - least)
      }
      return most
    },
  }
}
