/** What Thena makes of a repeat, of a ticket it does not show yet, of a category and of a rating. */
import { describe, expect, it } from 'vitest'
import { begin } from '../../../simulators/thena/begin.ts'
import { call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

describe('what is asked twice', () => {
  it('asks to be tried again while Thena has a ticket its search does not show yet', async () => {
    const { vendor } = await begin({ repeats: 'refuse', searchLags: true })
    const opening = openingOf()
    await vendor.open(opening, call())
    await expect(vendor.open(opening, call())).rejects.toMatchObject({ code: 'busy', retryAfterMs: 5_000 })
  })

  it.each(['a ticket', 'a reply'])(
    'stops waiting for %s that Thena has and never shows, once it should',
    async (what) => {
      const { open, vendor, simulator, wait } = await begin({ repeats: 'refuse' })
      const [opening, id] = [openingOf(), await open()]
      const reply = replyTo(id)
      const make = () => (what === 'a ticket' ? vendor.open(opening, call()) : having(vendor.reply)(reply, call()))
      await make()
      simulator.mutate((body) => without(body, what === 'a ticket' ? opening.mark : reply.mark))
      expect(await codeOf(make())).toBe('busy')
      wait(91_000)
      await expect(make()).rejects.toMatchObject({ code: 'unexpected', mayHaveActed: false })
    },
  )

  it.each(['refuse', 'missing'] as const)('ends no delivery because looking for a repeat gets: %s', async (how) => {
    const { vendor, simulator } = await begin({ repeats: 'refuse' })
    const opening = openingOf()
    const opened = await vendor.open(opening, call())
    simulator.misbehave(how, 1, 'GET /v1/search/tickets')
    expect(await codeOf(vendor.open(opening, call()))).toBe('unexpected')
    expect((await vendor.open(opening, call())).vendorTicketId).toBe(opened.vendorTicketId)
  })

  it.each(['same', 'refuse'] as const)('writes a reply once when a repeat gets: %s', async (repeats) => {
    const { open, vendor, read } = await begin({ repeats })
    const reply = { ...refOf(await open()), mark: 'm-3', message: 'Einmal.', sentAt: new Date(), files: [] }
    const first = await having(vendor.reply)(reply, call())
    expect(await having(vendor.reply)(reply, call())).toEqual(first)
    expect((await read(reply.vendorTicketId)).messages.filter(({ text }) => text === 'Einmal.')).toHaveLength(1)
  })

  it('takes a ticket that bears its mark for the answer, should Thena say “duplicate” inside a success', async () => {
    const { vendor, simulator } = await begin()
    const opening = openingOf()
    const opened = await vendor.open(opening, call())
    simulator.misbehave('error-inside', 1, 'POST /v1/tickets')
    expect((await vendor.open(opening, call())).vendorTicketId).toBe(opened.vendorTicketId)
    simulator.misbehave('error-inside', 1, 'POST /v1/tickets')
    expect(await codeOf(vendor.open(openingOf(), call()))).toBe('unexpected')
  })

  it('does the same where a reply is repeated', async () => {
    const { open, vendor, simulator } = await begin()
    const reply = { ...refOf(await open()), mark: 'm-4', message: 'Einmal.', sentAt: new Date(), files: [] }
    const first = await having(vendor.reply)(reply, call())
    simulator.misbehave('error-inside', 1, 'POST /v1/tickets/:id/comment')
    expect(await having(vendor.reply)(reply, call())).toEqual(first)
  })

  it('asks to be tried again about a ticket so new that nothing shows it yet, and gives it up once it should', async () => {
    const { open, vendor, wait } = await begin({ withoutTicketCall: true, searchLags: true })
    const ref = { ...refOf(await open()), openedAt: new Date() }
    const reply = () =>
      having(vendor.reply)({ ...ref, mark: 'm-5', message: '?', sentAt: new Date(), files: [] }, call())
    expect(await codeOf(reply())).toBe('busy')
    wait(91_000)
    expect(await codeOf(reply())).toBe('missing')
  })
})

it('routes a category as Thena’s own ids and names say, and no other', async () => {
  const routing = {
    priorityName: 'High',
    typeId: 'TYPE1',
    formId: 'FORM1',
    customFieldValues: [{ id: 'F1', value: 'x' }],
  }
  const { open, received } = await begin({}, { categories: { billing: routing } })
  await open({ category: { id: 'billing', tags: [] } })
  await open({ category: { id: 'bug', tags: [] } })
  const [billing, bug] = received('POST /v1/tickets').map(({ body }) => body)
  expect(billing).toMatchObject(routing)
  for (const name of Object.keys(routing)) expect(bug).not.toHaveProperty(name)
})

it('rates by a note of the agents’ own, in nobody’s name, once', async () => {
  const { open, vendor, received } = await begin()
  const ref = refOf(await open())
  for (let time = 0; time < 2; time += 1) await having(vendor.rate)(ref, { score: 5, comment: 'Top!' }, call())
  expect(received('POST /v1/tickets/:id/comment').map(({ body }) => body)).toEqual([
    {
      content: 'Medkit: the player has rated the help on SH-4F7K2: 5 of 5.\nIn the player’s own words: Top!',
      commentVisibility: 'private',
      commentType: 'note',
      metadata: { medkitMark: `rating-${ref.vendorTicketId}` },
      shouldSendEmail: false,
      deDuplicationKey: `rating-${ref.vendorTicketId}`,
    },
  ])
})

describe('a reply that is looked for', () => {
  it('may be any as new that bears no mark, and is no older one', async () => {
    const { open, vendor, simulator } = await begin()
    const reply = replyTo(await open())
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll('medkitMark', 'other')))
    expect(await codeOf(having(vendor.findReplied)(reply, call()))).toBe('unexpected')
    const sentAt = new Date(Date.now() + 48 * 60 * 60 * 1000)
    expect(await having(vendor.findReplied)({ ...reply, sentAt }, call())).toBeUndefined()
  })

  it('is no comment of an agent’s, who give theirs no mark', async () => {
    const { open, vendor, simulator } = await begin()
    const reply = replyTo(await open())
    simulator.agentAnswers(reply.vendorTicketId, 'Noch da?')
    expect(await having(vendor.findReplied)(reply, call())).toBeUndefined()
  })

  it('may be among those that are not read any more', async () => {
    const { open, vendor, simulator } = await begin()
    const reply = replyTo(await open())
    for (let count = 0; count < 400; count += 1) simulator.comment(reply.vendorTicketId, { content: `answer ${count}` })
    await having(vendor.reply)(reply, call())
    expect(await codeOf(having(vendor.findReplied)(reply, call()))).toBe('unexpected')
  })
})

function replyTo(id: string) {
  return { ...refOf(id), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
}

/** An answer without the rows that hold the mark. */
function without(body: unknown, mark: string): unknown {
  const isOther = (row: unknown) => !JSON.stringify(row).includes(mark)
  return JSON.parse(JSON.stringify(body, (_, value) => (Array.isArray(value) ? value.filter(isOther) : value)))
}
