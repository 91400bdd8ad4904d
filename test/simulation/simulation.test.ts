/** The short run of `npm run test:sim`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runHistory } from './history.ts'
import { createSimulatedLedger, type SimulatedLedger } from './ledger.ts'
import { mildPlan, type Plan, planOf } from './plan.ts'
import { type Chance, createChance } from './random.ts'

let ledger: SimulatedLedger

beforeAll(async () => {
  ledger = await createSimulatedLedger()
})

afterAll(() => ledger.close())

describe('In a simulated world', () => {
  it('one seed is one history, to the letter', async () => {
    const seed = seeds((plan) => hasManyTroubles(plan) && plan.erasures === 1 && plan.deeds > 4).next().value ?? 0
    const first = await printed(seed)
    expect(first.length).toBeGreaterThan(50)
    expect(await printed(seed)).toEqual(first)
    expect(await printed(seed + 1)).not.toEqual(first)
  })

  it('one relay brings every message to a vendor that is well: once, in order and soon', async () => {
    const { messages, copies } = await run(20, mildPlan)
    expect(messages).toBeGreaterThan(20)
    expect(copies).toBe(messages)
  })

  // Those with poisons and those with long silences take longest, so that fewer of them run here.
  it.each([
    { what: 'whatever happens to them and to their vendors', count: 190, fits: isShort },
    { what: 'while vendors choke on messages', count: 12, fits: isPoisoned },
    { what: 'while text is forgotten', count: 10, fits: isForgetful },
  ])('relays keep their promises $what', { timeout: 420_000 }, async ({ count, fits }) => {
    const { messages, calls } = await run(count, planOf, fits)
    expect(messages).toBeGreaterThan(count)
    expect(calls).toBeGreaterThan(messages)
  })
})

/** Runs so many histories, each of a seed whose plan fits. */
async function run(count: number, plan: (chance: Chance) => Plan, fits: (plan: Plan) => boolean = () => true) {
  const sums = { messages: 0, calls: 0, copies: 0 }
  const fitting = seeds(fits)
  for (let left = count; left > 0; left--) {
    const seed = fitting.next().value ?? 0
    const outcome = await runHistory({ seed, ledger, planOf: plan })
    expect(outcome.violations, `npm run test:sim -- --seed ${seed}`).toEqual([])
    for (const name of ['messages', 'calls', 'copies'] as const) sums[name] += outcome[name]
  }
  return sums
}

/** Seeds of which something is true that can be told from their plan. */
function* seeds(fits: (plan: Plan) => boolean): Generator<number, undefined> {
  for (let seed = 1; ; seed++) if (fits(planOf(createChance(seed).fork('plan')))) yield seed
}

function isPoisoned({ games }: Plan): boolean {
  return games.some(({ poisons }) => poisons > 0)
}

function isForgetful({ retentionMs }: Plan): boolean {
  return Number.isFinite(retentionMs)
}

function isShort(plan: Plan): boolean {
  return !isPoisoned(plan) && !isForgetful(plan)
}

function hasManyTroubles({ relays, kills, pauses, steps }: Plan): boolean {
  return relays > 1 && kills > 0 && pauses > 0 && steps > 0
}

async function printed(seed: number): Promise<string[]> {
  const lines: string[] = []
  await runHistory({ seed, ledger, planOf, print: (line) => lines.push(line) })
  return lines
}
