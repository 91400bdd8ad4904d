/** What a player does right after opening, while the vendor does not show everywhere yet what it took. */
import { expect, it } from 'vitest'
import { VendorError, type VendorErrorCode } from '../../../../server/vendors/vendor.ts'
import { views } from '../../../simulators/world.ts'
import { call, openingOf, openOne, type RelayFixture, refOf, seen } from './parts.ts'
import { replyOf, sure } from './world.ts'

const lateMs = 60_000

/** Longer than any vendor is given to show what it took. */
const longMs = 3_600_000

/** What the relay tries again. `missing` or `refused` would end it. */
const passing: readonly VendorErrorCode[] = ['unreachable', 'busy', 'unexpected']

export function lateSuite(fixture: () => RelayFixture): void {
  it.each(views)('takes a reply to what was just opened, or says to try again, while the %s lags', async (view) => {
    const { vendor, simulator } = fixture()
    if (!vendor.reply) return
    simulator.world.showLate(view, lateMs)
    const id = await openOne(fixture())
    const reply = replyOf(id, { message: 'Gleich hinterher.', openedAt: new Date() })
    const first = await attempt(vendor.reply(reply, call()))
    if (first !== undefined) expect(passing).toContain(first)
    await simulator.pass(lateMs)
    if (first !== undefined) await vendor.reply(reply, call())
    expect(seen(fixture(), id).lines.filter((line) => line.includes('Gleich hinterher.'))).toHaveLength(1)
  })

  it.each(views)('closes what was just opened, or says to try again, while the %s lags', async (view) => {
    const { vendor, simulator } = fixture()
    if (!vendor.close) return
    simulator.world.showLate(view, lateMs)
    const id = await openOne(fixture())
    const ref = { ...refOf(id), openedAt: new Date() }
    const first = await attempt(vendor.close(ref, call()))
    if (first !== undefined) expect(passing).toContain(first)
    await simulator.pass(lateMs)
    if (first !== undefined) await vendor.close(ref, call())
    expect(seen(fixture(), id).closed).toBe(true)
  })

  it.each(views)('does not wait for ever for what was opened long ago and the %s does not show', async (view) => {
    const { vendor, simulator } = fixture()
    simulator.world.showLate(view, lateMs)
    const ref = { ...refOf(await openOne(fixture())), openedAt: new Date(Date.now() - longMs) }
    const reply = { ...replyOf(ref.vendorTicketId), ...ref }
    const codes = [await attempt(vendor.reply?.(reply, call())), await attempt(vendor.close?.(ref, call()))]
    expect(codes).not.toContain('busy')
  })

  it.each(['oldest', 'any', 'newest'] as const)('finds an opening among many of the same player: %s', async (order) => {
    const { vendor, simulator } = fixture()
    if (!vendor.findOpened) return
    simulator.world.list({ order })
    const openings = Array.from({ length: 30 }, () => openingOf())
    const ids: string[] = []
    for (const opening of openings) ids.push((await vendor.open(opening, call())).vendorTicketId)
    for (const [index, opening] of openings.entries()) {
      const found = await vendor.findOpened(opening, call())
      expect(found?.vendorTicketId, `${index}`).toBe(ids[index])
    }
  })

  it('never says «not there» because it has not looked through to the end', async () => {
    const { vendor, simulator } = fixture()
    const { findOpened } = vendor
    if (!findOpened) return
    simulator.world.list({ cap: 1 })
    const opening = openingOf()
    const id = await openOne(fixture(), opening)
    for (let more = 0; more < 5; more += 1) await openOne(fixture())
    let isSure = true
    const found = await findOpened(opening, call()).catch(async (error: unknown) => {
      isSure = false
      return sure(Promise.reject(error))
    })
    if (isSure) expect(found?.vendorTicketId).toBe(id)
  })
}

/** @returns the code of a failure, undefined for a success */
async function attempt(act: Promise<unknown> | undefined): Promise<VendorErrorCode | undefined> {
  return Promise.resolve(act).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof VendorError) return error.code
      throw error
    },
  )
}
