/** Retention at work: now and then a relay sweeps, and players who were silent may write at that very moment. */
import type { Fleet } from './fleet.ts'
import type { Chance } from './random.ts'
import type { World } from './world.ts'

export interface Sweeps {
  /** Resolves while the next sweep is under way. */
  next: () => Promise<void>
}

export interface SweepParts {
  world: World
  fleet: Fleet
  chance: Chance
  slowestLedgerMs: number
  isHealed: () => boolean
  onBroken: (error: unknown) => void
}

const longestPauseMs = 30_000
/** A sweep asks the ledger a dozen things, one after another; most answers are much quicker than the slowest. */
const slowestAnswers = 4

export function startSweeps({ world, fleet, chance, slowestLedgerMs, isHealed, onBroken }: SweepParts): Sweeps {
  let waiting: (() => void)[] = []

  function sweep(): void {
    if (isHealed()) return
    world.after(chance.between(1_000, longestPauseMs), sweep)
    const [first, ...others] = fleet.alive()
    if (!first) return
    const { process, sweep: begin } = chance.pick([first, ...others])
    process.hear(0, () => {
      world.tell(process.name, () => 'sweeps')
      begin().catch(onBroken)
    })
    for (const resolve of waiting) world.after(chance.between(0, slowestAnswers * slowestLedgerMs), resolve)
    waiting = []
  }

  world.after(chance.between(1_000, longestPauseMs), sweep)
  return { next: () => new Promise((resolve) => waiting.push(resolve)) }
}
