/** Looking for a mark at Theymes, and reading its lists and events where a row of them does not fit. */
import { describe, expect, it } from 'vitest'
import type { VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/theymes/begin.ts'
import { ada, call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

const ticketsCall = 'GET /tickets'
const eventsCall = 'GET /tickets/:ticketId/events'
const hourMs = 60 * 60 * 1000

describe('a new ticket is looked for', () => {
  it('page by page to the end of the list, and never said not to be there before', async () => {
    const { vendor, find, open, simulator, drift } = await begin()
    const opening = openingOf()
    const { vendorTicketId } = await vendor.open(opening, call())
    for (let count = 0; count < 6; count += 1) await open()
    const setBack = simulator.world.list({ cap: 1 })
    expect(await find(opening)).toEqual({ vendorTicketId })
    expect(await find()).toBeUndefined()
    setBack()
    // Of this list there is always more.
    simulator.mutate((body, made) =>
      made === ticketsCall ? { ...Object(body), pagination: { cursor: Buffer.from('0').toString('base64url') } } : body,
    )
    expect(await codeOf(find())).toBe('unexpected')
    expect(drift.at(-1)).toBe('theymes GET /tickets: more rows than are looked at')
  })

  it('and nobody says that it is not there where too many could be it', async () => {
    const { find, simulator } = await begin()
    for (let count = 0; count < 51; count += 1) simulator.opensElsewhere(ada.id, `Question ${count}`)
    expect(await codeOf(find())).toBe('unexpected')
  })

  it('though the relay’s clock was ahead when it was written', async () => {
    const { vendor, find } = await begin()
    const opening = openingOf({ sentAt: new Date(Date.now() + 3 * hourMs) })
    const { vendorTicketId } = await vendor.open(opening, call())
    expect(await find(opening)).toEqual({ vendorTicketId })
  })

  it('past a row that cannot be read only where that is older, or another message’s', async () => {
    const { find, open, simulator } = await begin()
    const others = await open()
    const blur = (createdAt: Date) =>
      simulator.mutate((body, made) => {
        if (made !== ticketsCall) return body
        const tickets = simulator.rows().filter((row) => row.id === others)
        return { tickets: tickets.map((row) => ({ ...row, status: 7, createdAt: createdAt.toISOString() })) }
      })
    blur(new Date(Date.now() - 48 * hourMs))
    expect(await find()).toBeUndefined()
    blur(new Date())
    expect(await codeOf(find())).toBe('unexpected')
    expect(await find({ ...openingOf(), linked: new Set<VendorTicketId>([others]) })).toBeUndefined()
  })

  it.each([ticketsCall, eventsCall])('and a refusal of %s ends no delivery', async (refused) => {
    const { find, open, simulator } = await begin()
    await open()
    simulator.misbehave('refuse', 1, refused)
    expect(await codeOf(find())).toBe('unexpected')
  })

  it('on every ticket that may be it, though another’s events are not shown yet', async () => {
    const { vendor, find, open, simulator } = await begin()
    const opening = openingOf()
    const { vendorTicketId } = await vendor.open(opening, call())
    await open()
    simulator.misbehave('refuse', 1, eventsCall)
    expect(await find(opening)).toEqual({ vendorTicketId })
  })
})

describe('what does not fit', () => {
  it('is said of a list of which not one row fits', async () => {
    const { vendor, open, simulator } = await begin()
    simulator.world.breakRow({ call: ticketsCall, containing: await open(), field: 'status' })
    expect(await codeOf(having(vendor.list)(ada, undefined, call()))).toBe('unexpected')
  })

  it('takes a ticket out of the history while nothing of it can be read, and gives it a title once something can', async () => {
    const { vendor, simulator } = await begin()
    const ids = ['Eins.', 'Zwei.'].map((message) => simulator.opensElsewhere(ada.id, message))
    const titles = async () => (await having(vendor.list)(ada, undefined, call())).tickets.map(({ subject }) => subject)
    const setBack = simulator.world.breakRow({ call: eventsCall, containing: 'Zwei.', field: 'createdAt' })
    expect(await titles()).toEqual(['Eins.'])
    simulator.agentAnswers(ids[1] ?? '', 'Gern.')
    expect(await titles()).toEqual(['', 'Eins.'])
    setBack()
    expect(await titles()).toEqual(['Zwei.', 'Eins.'])
  })

  it('is said of a conversation of which not one message fits, and counted by its field', async () => {
    const { vendor, open, simulator, drift } = await begin()
    const id = await open({ message: 'Eins.' })
    simulator.world.breakRow({ call: eventsCall, containing: 'Eins.', field: 'createdAt' })
    expect(await codeOf(having(vendor.read)(refOf(id), call()))).toBe('unexpected')
    expect(drift).toEqual(['theymes GET /tickets/{ticketId}/events: events.*.createdAt'])
  })

  it('tells no player that they are forgotten while a ticket may name another id of theirs', async () => {
    const { vendor, open, simulator } = await begin()
    const ids = [await open(), await open()]
    simulator.world.breakRow({ call: ticketsCall, containing: ids[0] ?? '', field: 'theymesPlayerId' })
    expect(await codeOf(having(vendor.forget)(ada, [], call()))).toBe('unexpected')
    expect(simulator.forgotten()).toEqual([])
  })
})
