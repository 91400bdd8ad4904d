/** What a player does right after opening, while the vendor does not show everywhere yet what it took. */
import { expect, it } from 'vitest'
import { VendorError, type VendorErrorCode } from '../../server/vendors/vendor.ts'
import { call, openOne, refOf, type Scene, seen } from './suite-parts.ts'
import { replyOf } from './suite-world.ts'

const lateMs = 60_000

/** What the relay tries again. `missing` or `refused` would end it. */
const passing: readonly VendorErrorCode[] = ['unreachable', 'busy', 'unexpected']

export function lateSuite(scene: () => Scene): void {
  it.each(['list', 'search'] as const)(
    'takes a reply to what was just opened, or says to try again, while the %s lags',
    async (view) => {
      const { vendor, simulator } = scene()
      if (!vendor.reply) return
      simulator.world.showLate(view, lateMs)
      const id = await openOne(scene())
      const reply = replyOf(id, { message: 'Gleich hinterher.' })
      const first = await attempt(vendor.reply(reply, call()))
      if (first !== undefined) expect(passing).toContain(first)
      await simulator.pass(lateMs)
      if (first !== undefined) await vendor.reply(reply, call())
      expect(seen(scene(), id).lines.filter((line) => line.includes('Gleich hinterher.'))).toHaveLength(1)
    },
  )

  it.each(['list'] as const)('closes what was just opened, or says to try again, while the %s lags', async (view) => {
    const { vendor, simulator } = scene()
    if (!vendor.close) return
    simulator.world.showLate(view, lateMs)
    const id = await openOne(scene())
    const first = await attempt(vendor.close(refOf(id), call()))
    if (first !== undefined) expect(passing).toContain(first)
    await simulator.pass(lateMs)
    if (first !== undefined) await vendor.close(refOf(id), call())
    expect(seen(scene(), id).closed).toBe(true)
  })
}

/** @returns the code of a failure, undefined for a success */
async function attempt(act: Promise<unknown>): Promise<VendorErrorCode | undefined> {
  return act.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof VendorError) return error.code
      throw error
    },
  )
}
