/** Holds the source against the rules of the house. A break that is known may go; none may come. */
import { describe, expect, it } from 'vitest'
import { knownBreaks } from './known-breaks.ts'
import { readModules } from './modules.ts'
import { rules } from './rules.ts'

const modules = readModules()

describe('The house', () => {
  it('is read whole', () => {
    expect(modules.length).toBeGreaterThan(500)
    expect(modules.flatMap(({ imports }) => imports).length).toBeGreaterThan(2_000)
  })

  for (const [rule, breaksOf] of Object.entries(rules)) {
    it(`keeps the rule: ${rule}`, () => {
      expect(breaksOf(modules).sort()).toEqual((knownBreaks[rule] ?? []).sort())
    })
  }
})
