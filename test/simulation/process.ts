/**
 * A relay's process: everything it does begins with something that reaches it, a timer or an answer. So it can be stopped
 * for a while between any two, with all that has reached it meanwhile taken in at once, or be killed there.
 */
import type { Timers } from '../../server/runtime/clock.ts'
import { createSteppingClock, type SteppingClock } from './clocks.ts'
import type { World } from './world.ts'

export interface Process {
  name: string
  timers: Timers
  /** Its own idea of the time of day. */
  clock: SteppingClock
  isRunning: () => boolean
  isDead: () => boolean
  /** Lets it hear something so much later: an answer, a request. Nothing comes of it where it is dead by then. */
  hear: (ms: number, act: () => void) => void
  /** Waits for an answer that takes so long; it stays away from the dead. */
  answered: <T>(answer: Promise<T>, ms: () => number) => Promise<T>
  /** Nothing of it runs until it is resumed. */
  pause: () => void
  /** What has reached it meanwhile runs at once: `first` says whether what came from outside or what its timers have. */
  resume: (first: 'answers' | 'timers') => void
  kill: () => void
  /** When it was paused first at or after a moment; `Infinity` where it never was. */
  stoppedSince: (moment: number) => number
}

interface Waiting {
  kind: 'answers' | 'timers'
  act: () => void
}

export function createProcess(world: World, name: string, skewMs: number): Process {
  const clock = createSteppingClock(world, skewMs)
  const bornAt = world.now()
  let state: 'running' | 'paused' | 'dead' = 'running'
  let backlog: Waiting[] = []
  const stops: number[] = []

  function reach(kind: Waiting['kind'], act: () => void): void {
    if (state === 'running') act()
    else if (state === 'paused') backlog.push({ kind, act })
  }

  const hear = (ms: number, act: () => void) => void world.after(ms, () => reach('answers', act))

  return {
    name,
    clock,
    hear,
    isRunning: () => state === 'running',
    isDead: () => state === 'dead',

    timers: {
      elapsedMs: () => world.now() - bornAt,
      after: (ms, act) => {
        let isOff = false
        // As in Node, no timer is faster than a millisecond.
        const cancel = world.after(Math.max(1, ms), () => reach('timers', () => isOff || act()))
        return () => {
          isOff = true
          cancel()
        }
      },
    },

    answered: (answer, ms) =>
      new Promise((resolve, reject) => {
        answer.then(
          (value) => hear(ms(), () => resolve(value)),
          (error: unknown) => hear(ms(), () => reject(error)),
        )
      }),

    pause: () => {
      if (state !== 'running') return
      state = 'paused'
      stops.push(world.now())
      world.tell(name, () => 'is paused')
    },

    resume: (first) => {
      if (state !== 'paused') return
      state = 'running'
      world.tell(name, () => `goes on, ${first} first`)
      const other = first === 'answers' ? 'timers' : 'answers'
      const inOrder = [first, other].flatMap((kind) => backlog.filter((one) => one.kind === kind))
      backlog = []
      for (const { kind, act } of inOrder) world.after(0, () => reach(kind, act))
    },

    kill: () => {
      if (state === 'dead') return
      state = 'dead'
      backlog = []
      stops.push(world.now())
      world.tell(name, () => 'is killed')
    },

    stoppedSince: (moment) => stops.find((at) => at >= moment) ?? Number.POSITIVE_INFINITY,
  }
}
