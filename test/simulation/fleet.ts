/** The relays of a history, and the way from a player to one of them. */
import { Refusal } from '../../server/runtime/refusal.ts'
import type { Process } from './process.ts'
import type { Chance } from './random.ts'
import type { SimulatedRelay } from './relay.ts'
import type { World } from './world.ts'

export interface Fleet {
  /** Those that are not dead. */
  alive: () => readonly SimulatedRelay[]
  /** Another process in place of one that died, or a further one. */
  start: (name: string) => SimulatedRelay
  /** Asks one of them until one answers. @throws Refusal */
  ask: <T>(act: (relay: SimulatedRelay) => Promise<T>) => Promise<T>
  /** All that ever lived. */
  processes: readonly Process[]
}

export interface FleetParts {
  world: World
  chance: Chance
  create: (name: string) => SimulatedRelay
  /** A relay failed in a way that is no refusal. */
  onBroken: (error: unknown) => void
}

const lineMs = 40
const timeoutMs = 10_000
const retryMs = 1_000

/** Refusals that pass by themselves. */
const passing: ReadonlySet<string> = new Set(['idempotency_key_in_use', 'store_unavailable'])

export function createFleet({ world, chance, create, onBroken }: FleetParts): Fleet {
  const relays: SimulatedRelay[] = []
  const alive = () => relays.filter(({ process }) => !process.isDead())

  /** @returns undefined where no answer came */
  function askOne<T>(act: (relay: SimulatedRelay) => Promise<T>): Promise<{ answer: T } | undefined> {
    return new Promise((resolve, reject) => {
      world.after(timeoutMs, () => resolve(undefined))
      const [first, ...others] = alive()
      if (!first) return
      const relay = chance.pick([first, ...others])
      const onItsWay = () => chance.skewed(1, lineMs)
      relay.process.hear(onItsWay(), () => {
        act(relay).then(
          (answer) => world.after(onItsWay(), () => resolve({ answer })),
          (error: unknown) => {
            if (!(error instanceof Refusal)) onBroken(error)
            else if (passing.has(error.code)) world.after(onItsWay(), () => resolve(undefined))
            else world.after(onItsWay(), () => reject(error))
          },
        )
      })
    })
  }

  return {
    alive,
    start: (name) => {
      const relay = create(name)
      relays.push(relay)
      return relay
    },
    ask: async (act) => {
      for (;;) {
        const answered = await askOne(act)
        if (answered) return answered.answer
        await world.sleep(retryMs)
      }
    },
    get processes() {
      return relays.map(({ process }) => process)
    },
  }
}
