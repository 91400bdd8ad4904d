/** What goes wrong in a history beside single calls: relays paused and killed, clocks set, vendors away for a while. */
import type { SteppingClock } from './clocks.ts'
import type { Fleet } from './fleet.ts'
import type { Plan } from './plan.ts'
import type { Chance } from './random.ts'
import type { Outage } from './weather.ts'
import type { World } from './world.ts'

export interface Trouble {
  outageOf: (game: string) => Outage | undefined
  /** From now on nothing goes wrong: what is paused or dead runs again, though not always every relay. */
  heal: () => void
  /** When something went wrong beside single calls, or was mended. */
  moments: readonly number[]
}

export interface TroubleParts {
  world: World
  chance: Chance
  plan: Plan
  fleet: Fleet
  ledgerClock: SteppingClock
}

const longestOutageMs = 90_000
const longestDeathMs = 20_000
const furthestStepMs = 60_000

export function createTrouble({ world, chance, plan, fleet, ledgerClock }: TroubleParts): Trouble {
  const outages = new Map<string, Outage>()
  const moments: number[] = []
  let isHealed = false

  const note = () => moments.push(world.now())

  function sometime(act: () => void): void {
    world.after(chance.between(0, plan.troubleMs), () => {
      if (!isHealed) act()
    })
  }

  function someRelay() {
    const [first, ...others] = fleet.alive()
    return first && chance.pick([first, ...others])
  }

  function pause(): void {
    const process = someRelay()?.process
    if (!process) return
    note()
    process.pause()
    world.after(chance.skewed(100, plan.longestPauseMs), () => {
      note()
      process.resume(chance.pick(['answers', 'timers']))
    })
  }

  function kill(): void {
    const process = someRelay()?.process
    if (!process) return
    note()
    process.kill()
    world.after(chance.skewed(10, longestDeathMs), () => {
      note()
      if (!isHealed) fleet.start(process.name)
    })
  }

  function step(): void {
    const ofRelay = someRelay()?.process.clock
    const clock = ofRelay && chance.happens(0.5) ? ofRelay : ledgerClock
    const ms = chance.between(-furthestStepMs, furthestStepMs)
    note()
    world.tell('world', () => `sets ${clock === ledgerClock ? 'the ledger’s' : 'a relay’s'} clock by ${ms} ms`)
    clock.step(ms)
  }

  function outage(game: string): void {
    const how = chance.pick<Outage>(['no-connection', 'failed', 'lost'])
    note()
    outages.set(game, how)
    world.tell(game, () => `is out: ${how}`)
    world.after(chance.between(1_000, longestOutageMs), () => {
      note()
      outages.delete(game)
      world.tell(game, () => 'is back')
    })
  }

  for (let n = 0; n < plan.pauses; n++) sometime(pause)
  for (let n = 0; n < plan.kills; n++) sometime(kill)
  for (let n = 0; n < plan.steps; n++) sometime(step)
  for (const { key, outages } of plan.games) for (let n = 0; n < outages; n++) sometime(() => outage(key))

  return {
    outageOf: (game) => outages.get(game),
    moments,
    heal: () => {
      note()
      isHealed = true
      world.tell('world', () => 'is well from now on')
      outages.clear()
      for (const { process } of fleet.alive()) process.resume('answers')
      const needed = chance.happens(0.7) ? 1 : plan.relays
      for (const { process } of fleet.alive().slice(needed)) process.kill()
      for (let n = fleet.alive().length; n < needed; n++) fleet.start(`relay${n + 1}`)
    },
  }
}
