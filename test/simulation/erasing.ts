/** A player of a history who asks to be forgotten: perhaps withdraws, and notices when it has been done. */
import type { DeletionRequest } from '../../server/contract/deletion.ts'
import type { Identity } from '../../server/players/identity.ts'
import { Refusal } from '../../server/runtime/refusal.ts'
import type { Fleet } from './fleet.ts'
import type { Chance } from './random.ts'
import type { History } from './record.ts'
import type { World } from './world.ts'

export interface ErasingParts {
  world: World
  fleet: Fleet
  chance: Chance
  history: History
  identity: Identity
  name: string
}

export interface Erasing {
  /** Asks, and perhaps withdraws. */
  ask: () => Promise<void>
  hasAsked: () => boolean
  /** Whether an erasure has come to its end since this was last asked. */
  hasJustEnded: () => Promise<boolean>
  /** Whether one was under way when that was last asked: until its end nothing of the player's is taken. */
  wasUnderWay: () => boolean
  /** Whether nothing that was asked for is left to be done. */
  isSettled: () => Promise<boolean>
}

const longestThoughtMs = 30_000

export function createErasing({ world, fleet, chance, history, identity, name }: ErasingParts): Erasing {
  const ended = new Set<string>()
  let hasAsked = false
  let isUnderWay = false

  const list = (): Promise<DeletionRequest[]> => fleet.ask(({ deletions }) => deletions.list(identity))

  async function withdraw(id: DeletionRequest['id']): Promise<void> {
    await world.sleep(chance.skewed(0, longestThoughtMs))
    try {
      await fleet.ask(({ deletions }) => deletions.withdraw(identity, id))
      world.tell(name, () => 'has withdrawn')
    } catch (error) {
      // Too late: it has begun.
      if (!(error instanceof Refusal) || error.code !== 'unsupported') throw error
    }
  }

  return {
    async ask() {
      hasAsked = true
      world.tell(name, () => 'asks to be erased')
      const { id } = await fleet.ask(({ deletions }) => deletions.ask(identity))
      if (chance.happens(0.25)) await withdraw(id)
    },

    hasAsked: () => hasAsked,

    async hasJustEnded() {
      const requests = await list()
      isUnderWay = requests.some(({ status }) => status === 'begun')
      const done = requests.filter(({ id, status }) => status === 'done' && !ended.has(id))
      for (const { id } of done) ended.add(id)
      if (done.length === 0) return false
      world.tell(name, () => 'has been erased')
      if (!history.erasedAt.has(name)) history.erasedAt.set(name, world.now())
      return true
    },

    wasUnderWay: () => isUnderWay,

    isSettled: async () => (await list()).every(({ status }) => status === 'done' || status === 'withdrawn'),
  }
}
