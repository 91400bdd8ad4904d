/** What is peculiar to Thena: whose a ticket is, what is public, how a status is known, and repeats. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createThena } from '../../../server/vendors/thena/thena.ts'
import { readComments } from '../../../server/vendors/thena/translate.ts'
import { ThenaConfig } from '../../../server/vendors/thena/wire.ts'
import { ada, bob, call, codeOf, having, openingOf, refOf } from '../suite-parts.ts'
import { startThenaSimulator, type ThenaOptions } from './simulator.ts'

const adasAddress = `${'a'.repeat(32)}@players.medkit.invalid`

async function begin(options: ThenaOptions = {}) {
  const simulator = await startThenaSimulator(options)
  onTestFinished(async () => {
    await simulator.close()
    expect(simulator.violations).toEqual([])
  })
  const drift: string[] = []
  const hidden: string[] = []
  let now = Date.now()
  const vendor = createThena(ThenaConfig.parse(simulator.config), {
    clock: { now: () => new Date(now) },
    onDrift: (_, what) => drift.push(what),
    onHidden: (_, what) => hidden.push(what),
  })
  const open = async (changes = {}) => (await vendor.open(openingOf(changes), call())).vendorTicketId
  const read = (id: string) => having(vendor.read)(refOf(id), call())
  const received = (name: string) => simulator.received.filter((one) => one.call === name)
  const wait = (ms: number) => {
    now += ms
  }
  return { simulator, vendor, drift, hidden, open, read, received, wait }
}

describe('whose a ticket is', () => {
  it('makes the requester of the pseudonym alone, whatever address was typed or proved', async () => {
    const { open, received } = await begin()
    await open({ answerTo: 'victim@players.example' })
    const [request] = received('POST /v1/tickets')
    expect(request?.body).toMatchObject({ requestorEmail: adasAddress, teamId: 'T-PLAYERS' })
    expect(JSON.stringify(request?.body)).not.toContain('victim@')
  })

  it('sends no privilege field of Thena’s, only what a player may decide', async () => {
    const { open, received } = await begin()
    await open()
    expect(Object.keys(received('POST /v1/tickets')[0]?.body ?? {})).toEqual([
      'title',
      'requestorEmail',
      'teamId',
      'description',
      'metadata',
      'commentContent',
      'commentMetadata',
      'deDuplicationKey',
    ])
  })

  it('puts nothing but its own hex into a search', async () => {
    const { vendor, simulator, received } = await begin({ repeats: 'refuse' })
    const opening = openingOf({ player: { ...ada, email: 'x` || id:!=0', name: '&& teamId:=*' } })
    const opened = await vendor.open(opening, call())
    expect((await vendor.open(opening, call())).vendorTicketId).toBe(opened.vendorTicketId)
    expect(received('GET /v1/search/tickets')[0]?.query).toMatchObject({ filter_by: `requestorEmail:=${adasAddress}` })
    const before = simulator.received.length
    const forged = openingOf({ player: { ...ada, pseudonym: 'x || requestorEmail:!=y' } })
    expect(await codeOf(vendor.open(forged, call()))).toBe('refused')
    expect(simulator.received).toHaveLength(before)
  })

  it('takes no stranger’s ticket for its own, though the search brings it along and it bears the mark', async () => {
    const { vendor, simulator } = await begin({ repeats: 'refuse' })
    const opening = openingOf()
    await vendor.open(opening, call())
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll(adasAddress, 'eve@players.example')))
    expect(await codeOf(vendor.open(opening, call()))).toBe('busy')
  })

  it('lists nothing: what was opened elsewhere is known there by an address alone', async () => {
    const { vendor } = await begin()
    expect([vendor.can.history, vendor.list]).toEqual(['relay', undefined])
  })

  it('says of a stranger’s ticket what it says of none', async () => {
    const { read, simulator } = await begin()
    expect(await codeOf(read(simulator.strangersTicket))).toBe('missing')
    expect(await codeOf(read('no-such-ticket'))).toBe('missing')
  })

  it('reads a ticket through the search where there is no call for one, and asks whose it is all the same', async () => {
    const { open, vendor, read } = await begin({ withoutTicketCall: true })
    const id = await open()
    expect((await read(id)).messages).toHaveLength(1)
    expect(await codeOf(having(vendor.read)(refOf(id, bob), call()))).toBe('missing')
    expect(await codeOf(read('x && requestorEmail:!=y'))).toBe('missing')
  })
})

describe('what is public', () => {
  it('shows public comments and nothing that is not plainly public', async () => {
    const { open, read, simulator, hidden } = await begin()
    const id = await open({ message: 'mine' })
    hidden.length = 0
    simulator.comment(id, { content: 'an answer' })
    simulator.comment(id, { content: 'private', commentVisibility: 'private' })
    simulator.comment(id, { content: 'of a new kind of visibility', commentVisibility: 'partners' })
    simulator.comment(id, { content: 'in a thread', threadName: 'Escalation' })
    simulator.comment(id, { content: 'a note', commentType: 'note' })
    simulator.comment(id, { content: 'deleted', deletedAt: new Date().toISOString() })
    simulator.comment(id, { content: 'copied in', customerContactEmail: 'cc@players.example' })
    const { messages } = await read(id)
    expect(messages.map(({ author, text }) => `${author}: ${text}`)).toEqual(['player: mine', 'agent: an answer'])
    expect(hidden.toSorted()).toEqual(
      [
        'comment of another contact',
        'comment of an internal thread',
        'comment of unknown visibility',
        'note',
        'private comment',
        // Of the note every ticket gets there.
        'private comment',
      ].toSorted(),
    )
  })

  it('counts an agent’s file that it cannot fetch', async () => {
    const { open, read, simulator, hidden } = await begin()
    const id = await open()
    simulator.comment(id, { content: 'see the file', attachments: ['ATT1'] })
    expect((await read(id)).messages.at(-1)).toMatchObject({ text: 'see the file', attachments: [] })
    expect(hidden).toContain('attachment')
  })

  it('takes what bears its mark for the player’s, so that their words never pass for the studio’s', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.comment(id, { content: 'sent by the relay', metadata: { medkitMark: 'm-1' } })
    expect((await read(id)).messages.at(-1)).toMatchObject({ author: 'player', mark: 'm-1' })
  })

  it('shows an agent by the name customers see, and never by an address', () => {
    const rows = [
      { author: 'Mira' },
      { author: 'mira@studio.example' },
      { author: 'Mira', impersonatedUserName: 'The crew' },
    ].map((row, index) => ({
      id: `c${index}`,
      content: 'hello',
      commentVisibility: 'public',
      createdAt: '2026-01-05T08:00:00.000Z',
      ...row,
    }))
    expect(readComments(rows, ada).messages.map((message) => message.authorName)).toEqual([
      'Mira',
      undefined,
      'The crew',
    ])
  })

  it('replies in public, in the contact’s name, and has Thena mail nobody', async () => {
    const { open, vendor, received } = await begin()
    const reply = { ...refOf(await open()), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    expect(received('POST /v1/tickets/:id/comment')[0]?.body).toEqual({
      content: 'Noch da?',
      commentVisibility: 'public',
      commentType: 'comment',
      customerEmail: adasAddress,
      metadata: { medkitMark: 'm-2' },
      shouldSendEmail: false,
      deDuplicationKey: 'm-2',
    })
  })

  it('reads a conversation that is longer than Thena’s pages', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    const answers = Array.from({ length: 60 }, (_, index) => `answer ${index}`)
    for (const content of answers) simulator.comment(id, { content })
    expect((await read(id)).messages.slice(1).map(({ text }) => text)).toEqual(answers)
  })
})

describe('how a status is known', () => {
  it.each([
    ['st-solved', 'closed'],
    ['st-closed', 'closed'],
    ['st-hold', 'open'],
    ['st-progress', 'open'],
  ])('reads %s by its parent, not by its name on display, as %s', async (statusId, status) => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.setStatus(id, statusId)
    expect((await read(id)).status).toBe(status)
  })

  it('waits for the player once the agent has spoken last', async () => {
    const { open, read, simulator } = await begin()
    const id = await open()
    simulator.agentAnswers(id, 'Which ship?')
    expect((await read(id)).status).toBe('answered')
  })

  it('closes and opens with the default child of a parent, which holds the tickets', async () => {
    const { open, vendor, received } = await begin()
    const ref = refOf(await open())
    await having(vendor.close)(ref, call())
    await having(vendor.reopen)(ref, call())
    expect(received('PATCH /v1/tickets/:id').map(({ body }) => body)).toEqual([
      { statusId: 'st-solved' },
      { statusId: 'st-new' },
    ])
  })

  it('asks for the statuses once in a while, not at every reading', async () => {
    const { open, read, received, wait } = await begin()
    const id = await open()
    await read(id)
    await read(id)
    expect(received('GET /v1/tickets/status')).toHaveLength(1)
    wait(11 * 60_000)
    await read(id)
    expect(received('GET /v1/tickets/status')).toHaveLength(2)
  })

  it('settles a status nobody has a name for by the date of closing, and asks for a fresh list only now and then', async () => {
    const { open, read, simulator, received, wait } = await begin()
    const id = await open()
    await read(id)
    simulator.setStatus(id, 'st-made-later')
    expect((await read(id)).status).toBe('open')
    expect(received('GET /v1/tickets/status')).toHaveLength(1)
    wait(60_000)
    await read(id)
    await read(id)
    expect(received('GET /v1/tickets/status')).toHaveLength(2)
  })
})

describe('repeats and pages', () => {
  it('asks to be tried again while Thena has a ticket its search does not show yet', async () => {
    const { vendor } = await begin({ repeats: 'refuse', searchLags: true })
    const opening = openingOf()
    await vendor.open(opening, call())
    await expect(vendor.open(opening, call())).rejects.toMatchObject({ code: 'busy', retryAfterMs: 5_000 })
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

describe('what the studio has configured', () => {
  it('routes a category as Thena’s own ids and names say, and no other', async () => {
    const simulator = await startThenaSimulator()
    onTestFinished(simulator.close)
    const routing = {
      priorityName: 'High',
      typeId: 'TYPE1',
      formId: 'FORM1',
      customFieldValues: [{ id: 'F1', value: 'x' }],
    }
    const parts = { clock: { now: () => new Date() }, onDrift: () => undefined, onHidden: () => undefined }
    const vendor = createThena(ThenaConfig.parse({ ...simulator.config, categories: { billing: routing } }), parts)
    await vendor.open(openingOf({ category: { id: 'billing', tags: [] } }), call())
    await vendor.open(openingOf({ category: { id: 'bug', tags: [] } }), call())
    const [billing, bug] = simulator.received.map(({ body }) => body)
    expect(billing).toMatchObject(routing)
    for (const name of Object.keys(routing)) expect(bug).not.toHaveProperty(name)
    expect(simulator.violations).toEqual([])
  })
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
