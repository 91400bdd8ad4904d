/** The short run of `npm run test:crash`. */
import { describe, expect, it } from 'vitest'
import { crash } from './crash.ts'

describe('Under kill -9, with vendors that misbehave, everything answered 201 is at the vendor once and in order', () => {
  it.each([
    { engine: 'sqlite', relays: 1, kills: 12 },
    { engine: 'postgres', relays: 3, kills: 9 },
  ] as const)('on $engine with $relays relays and $kills kills', { timeout: 400_000 }, async (options) => {
    const result = await crash(options)
    expect(result).toMatchObject({ kills: options.kills, lost: [], doubled: [], outOfOrder: [], violations: [] })
    expect(result.acknowledged).toBeGreaterThan(0)
  })
})
