/** Theymes: what every vendor must do, and what its page warns of. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { languages } from '../../../../server/contract/language.ts'
import { createTheymes } from '../../../../server/vendors/theymes/theymes.ts'
import { TheymesConfig } from '../../../../server/vendors/theymes/wire.ts'
import type { Vendor, VendorAttachment, VendorPlayer } from '../../../../server/vendors/vendor.ts'
import { startTheymesSimulator, type TheymesSimulator } from '../../../simulators/theymes/simulator.ts'
import {
  ada,
  call,
  codeOf,
  having,
  openingOf,
  type RelayFixture,
  refOf,
  type Start,
  startVendorRelay,
  tagOf,
} from '../suite/parts.ts'
import { vendorSuite } from '../suite/suite.ts'

const start: Start = async (parts) => {
  const simulator = await startTheymesSimulator()
  return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
}

vendorSuite('Theymes', start, { knowsOwners: true })

describe('Theymes in particular', () => {
  let fixture: RelayFixture
  let vendor: Vendor
  let simulator: TheymesSimulator

  beforeEach(async () => {
    fixture = await startVendorRelay(async (parts) => {
      simulator = await startTheymesSimulator()
      return { vendor: createTheymes(TheymesConfig.parse(simulator.config), parts), simulator }
    })
    vendor = fixture.vendor
  })

  afterEach(async () => {
    await fixture.end()
    expect(simulator.violations).toEqual([])
  })

  function withConfig(changes: object): Vendor {
    const parts = {
      clock: { now: () => new Date() },
      onDrift: (_: string, what: string) => fixture.drift.push(what),
      tagOf,
      onHidden: (_: string, what: string) => fixture.hidden.push(what),
    }
    return createTheymes(TheymesConfig.parse({ ...simulator.config, ...changes }), parts)
  }

  const open = async (changes: Parameters<typeof openingOf>[0] = {}) =>
    (await vendor.open(openingOf(changes), call())).vendorTicketId

  const sent = (name: string) => simulator.received.filter((request) => request.call === name)

  it('names game and player in every look at tickets', async () => {
    const id = await open()
    await having(vendor.read)(refOf(id), call())
    await having(vendor.list)(ada, undefined, call())
    await having(vendor.findOpened)(openingOf(), call())
    await having(vendor.close)(refOf(id), call())
    await having(vendor.forget)(ada, [id], call())
    const looks = sent('GET /tickets')
    expect(looks.length).toBeGreaterThanOrEqual(5)
    for (const { query } of looks) {
      expect(query).toMatchObject({ gameId: simulator.config.gameId, playerId: ada.id })
    }
  })

  it('sends nothing for a player without an id, whom the vendor would take for everybody', async () => {
    const nobody: VendorPlayer = { ...ada, id: '' }
    const before = simulator.received.length
    expect(await codeOf(having(vendor.list)(nobody, undefined, call()))).toBe('refused')
    expect(await codeOf(having(vendor.forget)(nobody, [], call()))).toBe('refused')
    expect(simulator.received).toHaveLength(before)
  })

  it('shows nobody else’s ticket when the vendor ignores the filters', async () => {
    const id = await open()
    simulator.mutate((body, made) => (made === 'GET /tickets' ? { ...Object(body), tickets: simulator.rows() } : body))
    const { tickets } = await having(vendor.list)(ada, undefined, call())
    expect(tickets.map((ticket) => ticket.vendorTicketId)).toEqual([id])
    expect(fixture.hidden).toContain('theymes ticket of another player')
    expect(fixture.drift).toContain('theymes GET /tickets: a filter was ignored')
  })

  it('does not act on another ticket than the one it asked for', async () => {
    const [first, second] = [await open(), await open()]
    simulator.mutate((body, made) => (made === 'GET /tickets' ? { ...Object(body), tickets: simulator.rows() } : body))
    expect(await codeOf(having(vendor.close)(refOf(first), call()))).toBe('unexpected')
    expect(await codeOf(having(vendor.read)(refOf(second), call()))).toBe('unexpected')
    expect(sent('POST /tickets/:ticketId/actions')).toEqual([])
  })

  it('writes a follow-up as the player, never in the studio’s voice', async () => {
    const first = await open()
    await open({ follows: refOf(first).vendorTicketId })
    expect(sent('POST /tickets')).toHaveLength(2)
    expect(sent('POST /tickets/:ticketId/actions')).toEqual([])
  })

  it('takes tags, fields, tier and address from what was signed or configured, never from a claim', async () => {
    await open({
      claimed: { tier: '3', tags: 'vip', email: 'eve@evil.example' },
      fields: { guild: 'typed' },
      answerTo: 'typed@players.example',
      category: { id: 'billing', tags: ['billing'] },
    })
    expect(sent('POST /tickets')[0]?.body).toMatchObject({
      metadata: {
        tags: ['vip', 'billing'],
        fields: { guild: 'Blue Fleet' },
        player: { id: ada.id, name: 'Ada', email: 'ada@players.example', tier: 2 },
      },
    })
  })

  it.each([0, 4, 1.5])('leaves out a signed tier of %s, which the vendor does not have', async (tier) => {
    await open({ player: { ...ada, signed: { tier } } })
    expect(sent('POST /tickets')[0]?.body).not.toHaveProperty('metadata.player.tier')
  })

  it('tells the agent and the log of a signed tag that the vendor would drop', async () => {
    const id = await open({ player: { ...ada, signed: { tags: ['vip', 'whale'], fields: { clan: 'Red' } } } })
    const lines = simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.lines
    expect(lines).toEqual(expect.arrayContaining(['tag: vip', '[signed] tags: whale', '[signed] clan: Red']))
    expect(fixture.drift).toEqual(['theymes a tag is not defined there', 'theymes a field is not defined there'])
  })

  it('opens all the same when tags and fields cannot be asked for', async () => {
    const elsewhere = { tags: 'GET /nowhere', fields: 'GET /nowhere', games: 'GET /nowhere' }
    const other = withConfig({ paths: elsewhere })
    await other.open(openingOf(), call())
    expect(sent('POST /tickets')[0]?.body).toMatchObject({ metadata: { tags: ['vip'] } })
    expect(simulator.violations).toHaveLength(3)
    Object.assign(simulator.violations, { length: 0 })
  })

  it('calls a gameId that the company does not have the studio’s mistake', async () => {
    const other = withConfig({ gameId: '00000000-0000-4000-8000-000000000000' })
    expect(await codeOf(other.open(openingOf(), call()))).toBe('misconfigured')
    expect(sent('POST /tickets')).toEqual([])
  })

  it.each(languages)('opens in %s', async (language) => {
    await open({ language })
    expect(sent('POST /tickets')[0]?.body).toMatchObject({ language })
  })

  it('offers no type that can carry script', () => {
    expect(vendor.can.attachments).toMatchObject({ types: expect.not.arrayContaining(['image/svg+xml']) })
  })

  it('hides events of every type that is on no list, and names the kind alone', async () => {
    const id = await open()
    simulator.adds(id, { type: 'COLLECTOR_RESULT', message: 'form data' })
    simulator.adds(id, { type: 'weird <b>type</b>', message: 'odd' })
    const { messages } = await having(vendor.read)(refOf(id), call())
    expect(messages).toHaveLength(1)
    expect(fixture.hidden).toEqual(
      expect.arrayContaining(['theymes event COLLECTOR_RESULT', 'theymes event of another type']),
    )
  })

  it('shows the event types that the studio names as agents’ messages', async () => {
    const id = await open()
    simulator.adds(id, { type: 'STAFF_REPLY', message: 'Hello' })
    const other = withConfig({ agentMessageTypes: ['STAFF_REPLY'] })
    const { messages } = await having(other.read)(refOf(id), call())
    expect(messages.map((message) => message.author)).toEqual(['player', 'agent'])
  })

  it('keeps from the player what an agent quotes of the note', async () => {
    const id = await open({ player: { ...ada, signed: { tags: ['suspect'] } } })
    const written =
      simulator
        .tickets()
        .find((ticket) => ticket.vendorTicketId === id)
        ?.lines.slice(4) ?? []
    simulator.agentAnswers(id, `Found it.\n\n${written.map((line) => `> ${line}`).join('\n')}`)
    const { messages } = await having(vendor.read)(refOf(id), call())
    expect(messages.at(-1)?.text).toContain('Found it.')
    expect(messages.at(-1)?.text).not.toContain('suspect')
  })

  it('says answered while the studio waits for the player', async () => {
    const id = await open()
    simulator.agentAnswers(id, 'Which ship?')
    expect((await having(vendor.read)(refOf(id), call())).status).toBe('answered')
  })

  it('lists what the player opened elsewhere, by its first line, page by page', async () => {
    for (let index = 0; index < 23; index += 1) simulator.opensElsewhere(ada.id, `Question ${index}\nmore`)
    const first = await having(vendor.list)(ada, undefined, call())
    const second = await having(vendor.list)(ada, first.cursor, call())
    expect(first.tickets).toHaveLength(20)
    expect(first.tickets[0]?.subject).toBe('Question 22')
    expect(second.tickets.map((ticket) => ticket.subject)).toEqual(['Question 2', 'Question 1', 'Question 0'])
    expect(second.cursor).toBeUndefined()
  })

  it('asks for a ticket’s first message once, however often it is listed', async () => {
    simulator.opensElsewhere(ada.id, 'Hello')
    await having(vendor.list)(ada, undefined, call())
    await having(vendor.list)(ada, undefined, call())
    expect(sent('GET /tickets/:ticketId/events')).toHaveLength(1)
  })

  it('has no call for deletion or download unless the studio names its path', async () => {
    const other = withConfig({ paths: {} })
    expect(other.can.deletion).toBe('request')
    expect([other.forget, other.download]).toEqual([undefined, undefined])
    const id = await open()
    simulator.agentAnswers(id, 'See.', { fileName: 'a.png', fileType: 'image/png', bytes: new Uint8Array(3) })
    const { messages } = await having(other.read)(refOf(id), call())
    expect(messages.flatMap((message) => message.attachments)).toEqual([])
    expect(fixture.hidden).toContain('attachment')
  })

  it('downloads nothing from a ticket of another player', async () => {
    simulator.agentAnswers(simulator.otherTicketId, 'x', {
      fileName: 'a.png',
      fileType: 'image/png',
      bytes: new Uint8Array(3),
    })
    const id = await open()
    simulator.agentAnswers(id, 'x', { fileName: 'b.png', fileType: 'image/png', bytes: new Uint8Array(3) })
    const { messages } = await having(vendor.read)(refOf(id), call())
    const file: VendorAttachment | undefined = messages.at(-1)?.attachments[0]
    if (!file) throw new Error('no file')
    expect(await codeOf(having(vendor.download)(refOf(simulator.otherTicketId), file, call()))).toBe('missing')
  })

  it('forgets by the vendor’s ids of the player’s own tickets, and succeeds where there is nothing', async () => {
    await having(vendor.forget)(ada, [], call())
    expect(simulator.forgotten()).toEqual([])
    await open()
    await having(vendor.forget)(ada, [], call())
    const [asked] = sent('POST /data-deletions')
    const own = simulator.rows().find((row) => row.playerId === ada.id && row.gameId === simulator.config.gameId)
    expect(asked?.body).toEqual({ theymesPlayerId: own?.theymesPlayerId })
  })

  it('reads a hook as a hint, and nonsense as none', () => {
    const receive = having(vendor.receive)
    const hint = (body: string) => receive({ headers: new Headers(), body })
    const ticketId = '497f6eca-6276-4993-bfeb-53cbbbba6f08'
    expect(hint(JSON.stringify({ ticketId, status: 'closed' }))).toEqual([{ vendorTicketId: ticketId }])
    for (const body of ['', 'null', '[]', '{"ticketId":7}', '{"ticketId":"../x"}', '<html>'])
      expect(hint(body)).toEqual([])
  })
})
