/**
 * How far behind the relay's one thread is. While it is, what costs much is put off, the costliest first, so that writing a
 * ticket and signing in go on.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Counter } from 'prom-client'
import { every, type Timers } from '../runtime/clock.ts'
import { Refusal } from '../runtime/refusal.ts'

/** `replay`: work that grows with what a player has written. `reading`: a page of it. */
export type Cost = 'replay' | 'reading'

export interface Load {
  /** @throws Refusal `overloaded` while such work has to wait */
  admit: (cost: Cost) => void
  start: () => void
  stop: () => void
}

export interface DelayMeter {
  /** By how much the event loop was late on average since the last look, in milliseconds. */
  take: () => number
  stop: () => void
}

/** The event loop's mean delay from which on it is refused, in milliseconds, seen twice in a row: one long moment is no load. */
const limits: Readonly<Record<Cost, number>> = { replay: 500, reading: 2_000 }
const lookEveryMs = 1_000
const retryAfterSeconds = 3
/** Each look wakes an idle relay; what is looked for is ten times as long. */
const resolutionMs = 50

export function createLoad(timers: Timers, shed: Counter<'cost'>, meter: DelayMeter = createDelayMeter()): Load {
  let [before, delayMs] = [0, 0]
  let cancel = () => {}
  return {
    admit(cost) {
      if (Math.min(before, delayMs) < limits[cost]) return
      shed.inc({ cost })
      throw new Refusal('overloaded', { retryAfterSeconds })
    },
    start() {
      cancel = every(timers, lookEveryMs, () => {
        before = delayMs
        delayMs = meter.take()
      })
    },
    stop() {
      cancel()
      meter.stop()
    },
  }
}

function createDelayMeter(): DelayMeter {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return {
    take() {
      // It counts the time between two looks of its own; without one there is no mean.
      const delay = histogram.count === 0 ? 0 : histogram.mean / 1e6 - resolutionMs
      histogram.reset()
      return Math.max(0, delay)
    },
    stop: () => void histogram.disable(),
  }
}
