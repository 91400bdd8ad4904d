/** What is peculiar to Thena: whose a ticket is, what is public, and how a status is known. */
import { describe, expect, it } from 'vitest'
import { readComments } from '../../../../server/vendors/thena/translate.ts'
import { begin } from '../../../simulators/thena/begin.ts'
import { ada, bob, call, codeOf, having, openingOf, refOf } from '../suite/parts.ts'

const adasAddress = `${'a'.repeat(32)}@players.medkit.invalid`

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
