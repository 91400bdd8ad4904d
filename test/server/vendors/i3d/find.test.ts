/** Looking for an opening in lists of which the document says neither the order nor how much one page may hold. */
import { describe, expect, it } from 'vitest'
import type { VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/i3d/begin.ts'
import type { I3dSimulator } from '../../../simulators/i3d/simulator.ts'
import { call, codeOf, having, openingOf } from '../suite/parts.ts'

/** Less than the default that the document promises: so must an adapter that takes nothing for granted leaf on. */
const inPagesOfThree = ({ mutate }: I3dSimulator) => mutate((body) => (Array.isArray(body) ? body.slice(0, 3) : body))

describe('a look-up', () => {
  it.each<[string, (simulator: I3dSimulator) => unknown]>([
    ['oldest first', ({ world }) => world.list({ order: 'oldest' })],
    ['in any order', ({ world }) => world.list({ order: 'any' })],
    ['in pages of three', inPagesOfThree],
  ])('finds what is there, and says of what is not that it is not, in lists %s', async (_, arrange) => {
    const { vendor, open, simulator } = await begin({ names: { pastEnd: 'a refusal' }, strangers: 32 })
    const opening = openingOf()
    const first = await vendor.open(opening, call())
    for (let count = 0; count < 4; count += 1) await open()
    arrange(simulator)
    expect(await having(vendor.findOpened)(opening, call())).toEqual(first)
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
  })

  it('never says of a list it did not read to the end that a ticket is not in it', async () => {
    const { vendor, drift, simulator } = await begin({ strangers: 1_100 })
    simulator.world.list({ order: 'oldest' })
    const opening = openingOf()
    await vendor.open(opening, call())
    const doubt = { code: 'unexpected', mayHaveActed: false }
    await expect(having(vendor.findOpened)(opening, call())).rejects.toMatchObject(doubt)
    expect(drift).toEqual(['GET /v3/tickets: more rows than are looked at'])
  })

  it('believes that all which follows is older only where every row it read says so', async () => {
    const { vendor, open, simulator } = await begin({ strangers: 1_100 })
    await open()
    const aDayOn = openingOf({ sentAt: new Date(Date.now() + 25 * 60 * 60 * 1000) })
    expect(await having(vendor.findOpened)(aDayOn, call())).toBeUndefined()
    simulator.mutate((body) =>
      Array.isArray(body) ? body.toReversed().map((row, index) => stamped(row, index)) : body,
    )
    expect(await codeOf(having(vendor.findOpened)(aDayOn, call()))).toBe('unexpected')
  })

  it('does not end a delivery where a list is refused', async () => {
    const { vendor, simulator } = await begin()
    simulator.misbehave('refuse', 2)
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
  })

  it('passes over tickets that are other messages’ already, and finds the copy beside them', async () => {
    const { vendor } = await begin()
    const opening = openingOf()
    const ids = [await vendor.open(opening, call()), await vendor.open(opening, call())].map(
      ({ vendorTicketId }) => vendorTicketId,
    )
    const foundBeside = async (...linked: (VendorTicketId | undefined)[]) => {
      const known = new Set(linked.filter((id) => id !== undefined))
      return (await having(vendor.findOpened)({ ...opening, linked: known }, call()))?.vendorTicketId
    }
    expect(await foundBeside(ids[0])).toBe(ids[1])
    expect(await foundBeside(ids[1])).toBe(ids[0])
    expect(await foundBeside(...ids)).toBeUndefined()
  })

  it('is not held up by an unreadable row that is older than the opening, or another message’s', async () => {
    const { vendor, open, simulator } = await begin({ strangers: 2 })
    const linked = new Set([await open()])
    const later = openingOf({ linked, sentAt: new Date() })
    const blur = (createdAt: number) =>
      simulator.mutate((body) =>
        Array.isArray(body) ? body.map((row) => ({ ...Object(row), title: 7, createdAt })) : body,
      )
    blur(Math.floor(Date.now() / 1_000) - 2 * 24 * 60 * 60)
    expect(await having(vendor.findOpened)(later, call())).toBeUndefined()
    blur(Math.floor(Date.now() / 1_000))
    expect(await codeOf(having(vendor.findOpened)(later, call()))).toBe('unexpected')
  })
})

/** A row that was made a second later than the one before it. */
function stamped(row: unknown, index: number) {
  return { ...Object(row), createdAt: 1_700_000_000 + index }
}
