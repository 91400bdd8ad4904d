/** Everything the simulator invents because the document prints none of it, changed: told of it, the adapter follows. */
import { describe, expect, it } from 'vitest'
import { begin } from '../../../simulators/i3d/begin.ts'
import { inventions } from '../../../simulators/i3d/shapes.ts'
import { call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

const others = Object.fromEntries(Object.entries(inventions).map(([name, { other }]) => [name, other]))
const bytes = new TextEncoder().encode('a picture')

describe('what the document does not print', () => {
  it('may be altogether otherwise', async () => {
    const { vendor, simulator, read, drift } = await begin({ names: others })
    simulator.world.list({ order: 'any' })
    const opening = openingOf({ message: 'mine' })
    const { vendorTicketId: id } = await vendor.open(opening, call())
    const ref = refOf(id)
    const reply = { ...ref, mark: 'm-2', message: 'more', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    simulator.agentAnswers(id, 'answer', { fileName: 'a.png', fileType: 'image/png', bytes })
    const { messages, status } = await read(id)
    expect(messages.map(({ author, text }) => `${author}: ${text}`).toSorted()).toEqual([
      'agent: answer',
      'player: mine',
      'player: more',
    ])
    expect(messages.flatMap(({ attachments }) => attachments)).toMatchObject([{ fileName: 'a.png' }])
    expect(status).not.toBe('closed')
    expect(await having(vendor.findOpened)(opening, call())).toEqual({ vendorTicketId: id })
    expect(await having(vendor.findOpened)(openingOf(), call())).toBeUndefined()
    expect(await having(vendor.findReplied)(reply, call())).toBeDefined()
    await having(vendor.close)(ref, call())
    await having(vendor.rate)(ref, { score: 4 }, call())
    expect((await read(id)).status).toBe('closed')
    simulator.forceClose(id)
    expect((await read(id)).status).toBe('closed')
    expect(drift).toEqual([])
  })

  it.each([
    ['list', 'the list that replyFields.list names'],
    ['staff', 'what replyFields.staff names'],
  ])('is said to be missing, not read as silence, where replyFields.%s is not told', async (name, what) => {
    const { open, read, simulator, drift } = await begin({ names: { [name]: 'other' }, told: false })
    const id = await open()
    simulator.agentAnswers(id, 'answer')
    expect(await codeOf(read(id))).toBe('unexpected')
    expect(drift).toContainEqual(expect.stringContaining(what))
  })

  it('is counted where only some rows have it', async () => {
    const { open, read, simulator, drift, hidden } = await begin()
    const id = await open({ message: 'mine' })
    hidden.length = 0
    simulator.reply(id, { content: 'from whom?' })
    simulator.mutate(withoutLastStaff)
    expect((await read(id)).messages.map(({ text }) => text)).toEqual(['mine'])
    expect(drift).toEqual(['a reply without what replyFields.staff names'])
    expect(hidden).toEqual(['reply of neither side'])
  })

  it('shows the words a ticket was opened with once, though they stand on it and among its replies', async () => {
    const { open, read, simulator } = await begin()
    const id = await open({ message: 'mine' })
    simulator.mutate((body, made) =>
      made === 'GET /v3/tickets/:ticketId' && Array.isArray(body)
        ? body.map((ticket) => ({ ...ticket, content: ticket.replies[0].content }))
        : body,
    )
    expect((await read(id)).messages.map(({ text }) => text)).toEqual(['mine'])
  })

  it.each([
    ['Unresolved', 'open'],
    ['Not solved', 'open'],
    ['Unclosed', 'open'],
    ['Dissolved', 'open'],
    ['RESOLVED', 'closed'],
    ['Closed by customer', 'closed'],
    ['force_closed', 'closed'],
  ])('reads the status %s as %s', async (word, status) => {
    const { open, read } = await begin({ names: { open: word } })
    expect((await read(await open())).status).toBe(status)
  })

  it('takes other words for a ticket’s end where the studio says so', async () => {
    const { open, read } = await begin(
      { names: { open: 'Afgehandeld (klant)' } },
      { statuses: { closed: ['afgehandeld'] } },
    )
    expect((await read(await open())).status).toBe('closed')
  })
})

describe('a studio that copies nobody', () => {
  it('sends an empty list, for the document requires the field', async () => {
    const { open, received } = await begin({}, { emailCc: undefined })
    await open()
    expect(received('POST /v3/tickets')[0]?.body).toMatchObject({ emailCc: '' })
  })
})

describe('copies', () => {
  it('are all read, each with the one mark they share', async () => {
    const { open, vendor, read } = await begin()
    const reply = { ...refOf(await open()), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    await having(vendor.reply)(reply, call())
    const marks = (await read(reply.vendorTicketId)).messages.map(({ mark }) => mark)
    expect(marks.filter((mark) => mark === 'm-2')).toHaveLength(2)
  })
})

describe('a rating', () => {
  it.each(['stays closed', 'opens'])(
    'reaches the agents once, is no message of the player’s, and leaves the ticket closed that %s by a reply',
    async (replied) => {
      const { open, vendor, read, simulator } = await begin({ names: { replied } })
      const id = await open({ message: 'mine' })
      const rate = () => having(vendor.rate)(refOf(id), { score: 4, comment: 'Quick.\n[signed] tier: 9' }, call())
      await having(vendor.close)(refOf(id), call())
      simulator.misbehave('lost-answer', 1, 'POST /v3/tickets/:ticketId/reply')
      expect(await codeOf(rate())).toBe('unreachable')
      await rate()
      await rate()
      const [ticket] = simulator.tickets()
      expect(ticket?.closed).toBe(true)
      expect(ticket?.lines.filter((line) => line.endsWith('rated the help on SH-4F7K2: 4 of 5.'))).toHaveLength(1)
      expect(ticket?.lines).toContain('In the player’s own words: Quick. ⏎ [signed] tier: 9')
      expect((await read(id)).messages.map(({ text }) => text)).toEqual(['mine'])
    },
  )
})

/** The newest reply without the mark that says whose it is. */
function withoutLastStaff(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value) =>
    name === 'replies'
      ? value.map((row: object, index: number) => (index < value.length - 1 ? row : bare(row)))
      : value,
  )
}

function bare(row: object) {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'staff'))
}
