/** What is peculiar to Threada: how little is published, who may speak as whom, and where an answer is mailed. */
import { describe, expect, it } from 'vitest'
import { createThreada } from '../../../../server/vendors/threada/threada.ts'
import { ThreadaConfig } from '../../../../server/vendors/threada/wire.ts'
import { begin } from '../../../simulators/threada/begin.ts'
import { privatePaths } from '../../../simulators/threada/state.ts'
import { ada, bob, call, codeOf, having, refOf, tagOf } from '../suite/parts.ts'

describe('with what Threada publishes', () => {
  it('only opens tickets, and says that answers come by e-mail', async () => {
    const { vendor, open, calls } = await begin()
    await open()
    expect(calls()).toEqual(['POST /api/v1/public/tickets'])
    expect(vendor.can).toMatchObject({ reply: 'follow-up', reopen: 'follow-up', close: false, answers: 'email' })
    expect(vendor.once).toEqual({ open: 'relay', reply: 'marked' })
    expect(vendor.read).toBeUndefined()
  })

  it('gives each path its own ability, and no other', () => {
    const config = { kind: 'threada', apiKey: 'k' }
    const vendorWith = (paths: Partial<typeof privatePaths>) =>
      createThreada(ThreadaConfig.parse({ ...config, paths }), {
        clock: { now: () => new Date() },
        onDrift: () => undefined,
        tagOf,
        onHidden: () => undefined,
      })
    const { ticket, messages, update } = privatePaths
    expect(vendorWith({ ticket }).can).toMatchObject({ reply: 'follow-up', close: false, answers: 'thread' })
    expect(vendorWith({ ticket }).once).toEqual({ open: 'relay', reply: 'marked' })
    expect(vendorWith({ messages }).can).toMatchObject({ reply: 'thread', close: false, answers: 'email' })
    expect(vendorWith({ messages }).once).toEqual({ open: 'relay', reply: 'marked' })
    expect(vendorWith({ update }).can).toMatchObject({ reply: 'follow-up', reopen: 'native', close: true })
    expect(vendorWith({ ticket, messages }).once).toEqual({ open: 'relay', reply: 'relay' })
  })

  it.each([
    ['a path without a method', { ticket: '/tickets/{ticketId}' }],
    ['reading by another method than GET', { ticket: 'POST /tickets/{ticketId}' }],
    ['a reply by GET', { messages: 'GET /tickets/{ticketId}/messages' }],
    ['a change to no ticket in particular', { update: 'PATCH /tickets' }],
    ['a path of which nobody has heard', { actions: 'POST /tickets/{ticketId}/actions' }],
  ])('does not take for a configuration: %s', (_, paths) => {
    expect(ThreadaConfig.safeParse({ kind: 'threada', apiKey: 'k', paths }).success).toBe(false)
  })

  it('does not let the players’ role count as the agents’', () => {
    expect(ThreadaConfig.safeParse({ kind: 'threada', apiKey: 'k', agentRoles: ['user'] }).success).toBe(false)
  })
})

describe('who is written to', () => {
  it('has answers mailed to where the player asked, when mail is how they come', async () => {
    const { open, simulator } = await begin()
    const id = await open({ answerTo: 'ada.home@players.example' })
    expect(simulator.contactOf(id)).toEqual({ name: 'Ada', email: 'ada.home@players.example' })
  })

  it('has answers mailed to a proved address alone, when they are read here', async () => {
    const { open, simulator } = await begin({ privateCalls: true })
    const proved = await open({ answerTo: 'victim@players.example' })
    expect(simulator.contactOf(proved).email).toBe(ada.email)
    const unknown = await open({ answerTo: 'victim@players.example', player: { ...bob, name: undefined } })
    expect(simulator.contactOf(unknown)).toEqual({
      name: 'SH-4F7K2',
      email: `${'b'.repeat(32)}@players.medkit.invalid`,
    })
  })
})

describe('what is written', () => {
  it('tags language, category and what was signed, caps the tags, and tags nothing a browser claims', async () => {
    const { open, simulator } = await begin()
    const category = { id: 'billing', tags: ['billing', 'x'.repeat(200), ...'abcdefghijkl'] }
    const id = await open({ mark: 'm-1', category, claimed: { tag: 'claimed-tag' } })
    expect(simulator.tagsOf(id)).toEqual(['medkit:m-1', 'lang:de', 'billing', ...'abcdefg'])
  })

  it('tags a request for deletion as one', async () => {
    const { open, simulator } = await begin()
    expect(simulator.tagsOf(await open({ purpose: 'deletion-request' }))).toContain('deletion-request')
  })

  it('speaks as the user, always, and sends its mark as the external id', async () => {
    const { open, vendor, simulator } = await begin({ privateCalls: true })
    const id = await open({ mark: 'm-1' })
    const reply = { ...refOf(id), mark: 'm-2', message: 'Noch da?', sentAt: new Date(), files: [] }
    await having(vendor.reply)(reply, call())
    const bodies = simulator.received.map(({ body }) => JSON.stringify(body))
    expect(bodies[0]).toContain('"role":"user"')
    expect(bodies[0]).toContain('"external_message_id":"m-1"')
    expect(JSON.parse(bodies[1] ?? '')).toMatchObject({ role: 'user', external_message_id: 'm-2' })
  })
})

describe('what is read', () => {
  it('shows the roles on its lists and hides every other', async () => {
    const { open, vendor, simulator, hidden } = await begin({ privateCalls: true })
    const id = await open({ message: 'mine' })
    hidden.length = 0
    simulator.say(id, 'agent', 'from an agent')
    simulator.say(id, 'assistant', 'from the assistant')
    for (const role of ['note', 'system', 'tool', 'Agent ']) simulator.say(id, role, `from ${role}`)
    const { messages } = await having(vendor.read)(refOf(id), call())
    expect(messages.map(({ author, text }) => `${author}: ${text}`)).toEqual([
      'player: mine',
      'agent: from an agent',
      'agent: from the assistant',
    ])
    // Four here, and the one every ticket begins with there.
    expect(hidden).toHaveLength(5)
  })

  it('takes other roles for agents’ where the studio says so', async () => {
    const { open, vendor, simulator } = await begin({ privateCalls: true }, { agentRoles: ['crew'] })
    const id = await open()
    simulator.say(id, 'crew', 'from the crew')
    simulator.say(id, 'agent', 'from an agent')
    const { messages } = await having(vendor.read)(refOf(id), call())
    expect(messages.map(({ text }) => text).slice(1)).toEqual(['from the crew'])
  })

  it('does not believe an answer that is about another ticket', async () => {
    const { open, vendor, simulator } = await begin({ privateCalls: true })
    const [asked, other] = [await open(), await open()]
    simulator.mutate((body) => JSON.parse(JSON.stringify(body).replaceAll(asked, other)))
    expect(await codeOf(having(vendor.read)(refOf(asked), call()))).toBe('missing')
  })
})
