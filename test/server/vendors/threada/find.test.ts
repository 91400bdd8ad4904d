/** Looking for a mark in the one list that Threada publishes, and in a ticket where a studio has named a call for it. */
import { describe, expect, it } from 'vitest'
import { ThreadaConfig } from '../../../../server/vendors/threada/wire.ts'
import type { VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { begin } from '../../../simulators/threada/begin.ts'
import { inventions } from '../../../simulators/threada/state.ts'
import { call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

describe('looking for a mark', () => {
  it('pages through the open tickets of the whole tenant', async () => {
    const { open, vendor, calls } = await begin()
    const opening = openingOf()
    const first = await vendor.open(opening, call())
    for (let count = 0; count < 60; count += 1) await open()
    const before = calls().length
    expect(await having(vendor.findOpened)(opening, call())).toEqual(first)
    expect(calls().slice(before)).toEqual(Array(3).fill('GET /api/v1/public/tickets'))
  })

  it('says that it cannot tell, rather than that a ticket is not there, when a row does not fit', async () => {
    const { open, vendor, simulator, drift } = await begin()
    await open()
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll('"tags"', '"labels"')))
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
    expect(drift).toEqual(['a row of the list of tickets'])
  })

  it('finds a reply by its mark though Threada shows no external ids', async () => {
    const { open, vendor } = await begin({ privateCalls: true })
    const reply = { ...refOf(await open()), mark: 'm-9', message: 'Noch da?', sentAt: new Date(), files: [] }
    const { vendorMessageId } = await having(vendor.reply)(reply, call())
    expect(vendorMessageId).toMatch(/^M-/)
    expect(await having(vendor.findReplied)(reply, call())).toEqual({ vendorMessageId })
  })

  it.each(['oldest', 'any'] as const)('finds it in a list of another order: %s', async (order) => {
    const { open, vendor, simulator } = await begin({ strangers: 40 })
    const opening = openingOf()
    const first = await vendor.open(opening, call())
    await open()
    simulator.world.list({ order, cap: 3 })
    expect(await having(vendor.findOpened)(opening, call())).toEqual(first)
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
  })

  it('never says of a list it did not read to the end that a ticket is not in it', async () => {
    const { vendor, simulator, drift } = await begin({ strangers: 1_050 })
    simulator.world.list({ order: 'oldest' })
    const opening = openingOf()
    await vendor.open(opening, call())
    expect(await codeOf(having(vendor.findOpened)(opening, call()))).toBe('unexpected')
    expect(drift).toEqual(['GET /api/v1/public/tickets: more rows than are looked at'])
  })

  it('never says so of a list that turns in a circle, either', async () => {
    const { vendor, simulator } = await begin()
    simulator.mutate((body) => ({ ...Object(body), next_page_token: '0' }))
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

  it('is not held up by an unreadable row of a ticket that has been silent since before the opening', async () => {
    const { vendor, open, simulator } = await begin()
    await open()
    const blur = (last_message_at: Date) =>
      simulator.mutate((body) => ({
        items: Object(body).items.map((row: object) => ({ ...row, tags: null, last_message_at })),
      }))
    blur(new Date(Date.now() - 2 * 24 * 60 * 60 * 1000))
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
    blur(new Date())
    expect(await codeOf(having(vendor.findOpened)(openingOf(), call()))).toBe('unexpected')
  })

  it('does not find a ticket that an agent has closed, as docs/vendors.md says', async () => {
    const { vendor, simulator } = await begin()
    const opening = openingOf()
    simulator.agentCloses((await vendor.open(opening, call())).vendorTicketId)
    expect(await having(vendor.findOpened)(opening, call())).toBeUndefined()
  })
})

describe('a key that may not read', () => {
  it('is the studio’s to mend, in words that say how', async () => {
    const { vendor } = await begin({ writesOnly: true })
    await expect(having(vendor.findOpened)(openingOf(), call())).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/support\.read.*supportRead/),
    })
  })

  it('is not asked to, once the relay is told', async () => {
    const { vendor } = await begin({ writesOnly: true }, { supportRead: false })
    expect(vendor.findOpened).toBeUndefined()
    expect(vendor.once).toEqual({ open: 'marked', reply: 'marked' })
  })

  it('does not go together with a path that reads', () => {
    const config = { kind: 'threada', apiKey: 'k', supportRead: false, paths: { ticket: 'GET /tickets/{ticketId}' } }
    expect(ThreadaConfig.safeParse(config).error?.issues).toMatchObject([
      { path: ['paths', 'ticket'], message: 'needs the scope support.read' },
    ])
  })
})

describe('what the page does not print', () => {
  it('may be altogether otherwise', async () => {
    const others = Object.fromEntries(Object.entries(inventions).map(([name, { other }]) => [name, other]))
    const { vendor, simulator, drift } = await begin({ privateCalls: true, names: others })
    simulator.world.list({ order: 'any' })
    const ref = refOf((await vendor.open(openingOf({ message: 'mine' }), call())).vendorTicketId)
    const reply = { ...ref, mark: 'm-2', message: 'more', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    await having(vendor.reply)(reply, call())
    simulator.agentAnswers(ref.vendorTicketId, 'answer')
    const { messages } = await having(vendor.read)(ref, call())
    expect(messages.map(({ author, text }) => `${author}: ${text}`).toSorted()).toEqual([
      'agent: answer',
      'player: mine',
      'player: more',
      'player: more',
    ])
    expect(messages.filter(({ mark }) => mark === 'm-2')).toHaveLength(2)
    expect(await having(vendor.findReplied)(reply, call())).toBeDefined()
    await having(vendor.close)(ref, call())
    expect((await having(vendor.read)(ref, call())).status).toBe('closed')
    expect(drift).toEqual([])
  })

  it('takes the words of the studio for a ticket’s states', async () => {
    const { vendor, open, simulator } = await begin(
      { privateCalls: true, names: { closed: 'Fertig' } },
      { statuses: { closed: ['fertig'] } },
    )
    const ref = refOf(await open())
    simulator.agentCloses(ref.vendorTicketId)
    expect((await having(vendor.read)(ref, call())).status).toBe('closed')
  })
})

describe('a rating', () => {
  it.each(['stays closed', 'opens'])(
    'reaches the agents once, is no message of the player’s, and leaves the ticket closed that %s by a message',
    async (replied) => {
      const { vendor, open, simulator } = await begin({ privateCalls: true, names: { replied } })
      const ref = refOf(await open({ message: 'mine' }))
      const rate = () => having(vendor.rate)(ref, { score: 2, comment: 'Slow.' }, call())
      await having(vendor.close)(ref, call())
      simulator.misbehave('lost-answer', 1, having(simulator.calls.reply))
      expect(await codeOf(rate())).toBe('unreachable')
      await rate()
      await rate()
      const [ticket] = simulator.tickets()
      expect(ticket?.closed).toBe(true)
      expect(ticket?.lines.filter((line) => line.endsWith('rated the help on SH-4F7K2: 2 of 5.'))).toHaveLength(1)
      expect((await having(vendor.read)(ref, call())).messages.map(({ text }) => text)).toEqual(['mine'])
    },
  )

  it('is not taken where it could not be looked for first', async () => {
    const { vendor } = await begin({ privateCalls: true }, { paths: { messages: 'POST /tickets/{ticketId}/messages' } })
    expect([vendor.can.rating, vendor.rate]).toEqual([false, undefined])
  })
})
