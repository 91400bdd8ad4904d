/** The short run of `npm run test:sim`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runHistory } from './history.ts'
import { createSimulatedLedger, type SimulatedLedger } from './ledger.ts'
import { mildPlan } from './plan.ts'

let ledger: SimulatedLedger

beforeAll(async () => {
  ledger = await createSimulatedLedger()
})

afterAll(() => ledger.close())

describe('In a simulated world', () => {
  it('one seed is one history, to the letter', async () => {
    const first = await printed(7)
    expect(first.length).toBeGreaterThan(20)
    expect(await printed(7)).toEqual(first)
    expect(await printed(8)).not.toEqual(first)
  })

  it('one relay brings every message to a vendor that is well: once, in order and soon', async () => {
    let messages = 0
    for (let seed = 1; seed <= 50; seed++) {
      const outcome = await runHistory({ seed, ledger, planOf: mildPlan })
      expect(outcome.violations, `seed ${seed}`).toEqual([])
      messages += outcome.messages
    }
    expect(messages).toBeGreaterThan(50)
  })
})

async function printed(seed: number): Promise<string[]> {
  const lines: string[] = []
  await runHistory({ seed, ledger, planOf: mildPlan, print: (line) => lines.push(line) })
  return lines
}
