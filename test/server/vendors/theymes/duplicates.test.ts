/** Theymes' own duplicate check, whose hits answer nobody knows what, gets nothing to check: no words are swallowed. */
import { afterEach, describe, expect, it } from 'vitest'
import { createTheymes } from '../../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../../server/vendors/theymes/wire.ts'
import type { VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { startTheymesSimulator, type TheymesSimulator } from '../../../simulators/theymes/simulator.ts'
import { call, codeOf, having, openingOf, type RelayFixture, startVendorRelay } from '../suite/parts.ts'

let fixture: RelayFixture
let simulator: TheymesSimulator

async function begin(duplicates?: 'earlier' | 'refused'): Promise<void> {
  fixture = await startVendorRelay(async (parts) => {
    simulator = await startTheymesSimulator(duplicates ? { duplicates } : {})
    return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
  })
}

afterEach(async () => {
  await fixture.end()
  expect(simulator.violations).toEqual([])
})

const open = async (opening = openingOf()) => (await fixture.vendor.open(opening, call())).vendorTicketId
const find = (opening = openingOf()) => having(fixture.vendor.findOpened)(opening, call())
const linesOf = (id: string) => simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines ?? []
const created = () => simulator.received.filter((request) => request.call === 'POST /tickets')

describe.each(['earlier', 'refused'] as const)(
  'Where a hit of the vendor’s own check is answered: %s',
  (duplicates) => {
    it('opens a ticket for each message, whatever the messages say', async () => {
      await begin(duplicates)
      const elsewhere = simulator.opensElsewhere('player-ada', 'Mein Schiff ist weg.')
      const [first, second] = [openingOf(), openingOf()]
      const ids = [await open(first), await open(second)]
      expect(new Set([...ids, elsewhere]).size).toBe(3)
      expect(linesOf(ids[0] ?? '')).toContain(`mark: ${first.mark}`)
      expect(linesOf(ids[1] ?? '')).toContain(`mark: ${second.mark}`)
      expect(created().map(({ body }) => body)).toMatchObject([
        { skipDuplicateCheck: true },
        { skipDuplicateCheck: true },
      ])
    })
  },
)

describe('Opening', () => {
  it('asks once, and looks at nothing afterwards that could be misread', async () => {
    await begin()
    simulator.misbehave('html', 9, 'GET /tickets/:ticketId/events')
    await open()
    expect(created()).toHaveLength(1)
  })

  it('is tried once where the vendor refuses it', async () => {
    await begin()
    expect(await codeOf(open(openingOf({ language: 'xx' as 'en' })))).toBe('refused')
    expect(created()).toHaveLength(1)
    Object.assign(simulator.violations, { length: 0 })
  })

  it('is found by its mark, and a second copy of it though the first is known', async () => {
    await begin()
    const opening = openingOf()
    const first = await open(opening)
    expect(await find(opening)).toEqual({ vendorTicketId: first })
    expect(await find({ ...opening, linked: new Set([first]) })).toBeUndefined()
    const second = await open(opening)
    expect(await find({ ...opening, linked: new Set<VendorTicketId>([first]) })).toEqual({ vendorTicketId: second })
  })
})
