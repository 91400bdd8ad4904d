/**
 * The main job through the whole relay, on every vendor: a verified player opens, writes on, is answered, closes, reopens
 * and is forgotten. What is private at the vendor stays there, in every answer, event, log line and metric.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlayerExport } from '../../../server/contract/export.ts'
import type { Ticket } from '../../../server/contract/ticket.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'
import { canaryPrefix } from '../../simulators/simulator.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')

describe.each(simulatorNames)('Through the relay, %s', (name) => {
  let fixture: RelayFixture
  let ticket: Ticket

  beforeAll(async () => {
    fixture = await startVendorRelay(name)
    await fixture.listen(ada)
  })

  afterAll(async () => {
    await fixture.end()
    expect(fixture.simulator.violations).toEqual([])
  })

  const lines = async (count = 1) => (await fixture.atVendor(ticket.number, count)).flatMap((found) => [...found.lines])
  const newest = async () => (await fixture.atVendor(ticket.number)).at(-1)?.vendorTicketId ?? ''
  const status = async () => (await fixture.read(ada, ticket.id)).status
  const settled = () =>
    fixture.readUntil(
      ada,
      ticket.id,
      (now) => now.messages.every(({ delivery }) => delivery === 'delivered'),
      'arrived',
    )

  it('opens with language, category and metadata, signed and claimed told apart', async () => {
    ticket = await fixture.open(ada, {
      message: 'Mein Schiff ist weg.\nGestern war es noch da.',
      category: 'billing',
      fields: { order: 'A-1001' },
      metadata: { device: 'Pixel 8', tier: '9' },
    })
    const said = await lines()
    expect(said.some((line) => line.includes('Gestern war es noch da.'))).toBe(true)
    expect(said.some((line) => /\bde\b/.test(line))).toBe(true)
    expect(said.find((line) => line.includes('Pixel 8'))).toMatch(/claimed/i)
    expect(said.find((line) => line.includes('Blue Fleet'))).not.toMatch(/claimed|typed/i)
    expect(said.find((line) => line.includes('A-1001'))).toContain('order')
    expect((await settled()).messages).toHaveLength(1)
  })

  it('carries what the player writes next, once, to the same ticket or to one that names it', async () => {
    expect((await fixture.reply(ada, ticket.id, 'Noch jemand da?')).status).toBe(201)
    await settled()
    const expected = fixture.game.can.reply === 'thread' ? 1 : 2
    const found = await fixture.atVendor(ticket.number, expected)
    expect(found).toHaveLength(expected)
    expect(found.filter((one) => one.lines.includes('Noch jemand da?'))).toHaveLength(1)
  })

  it('shows the agent’s answer, and no note', async () => {
    fixture.simulator.agentNotes(await newest(), `${canaryPrefix}an-internal-thought`)
    fixture.simulator.agentAnswers(await newest(), 'Wir suchen es.')
    if (fixture.game.can.answers === 'email') {
      fixture.pass(61_000)
      expect((await fixture.read(ada, ticket.id)).messages.map(({ author }) => author)).toEqual(['player', 'player'])
      return
    }
    const now = await fixture.readUntil(ada, ticket.id, ({ unread }) => unread === 1, 'the answer is there')
    expect(now).toMatchObject({ status: 'answered', lastMessage: { author: 'agent', text: 'Wir suchen es.' } })
    expect(now.messages.map(({ author, text }) => `${author}: ${text}`)).toEqual([
      'player: Mein Schiff ist weg.\nGestern war es noch da.',
      'player: Noch jemand da?',
      'agent: Wir suchen es.',
    ])
    expect((await fixture.call<Ticket>(`POST /v1/tickets/${ticket.id}/read`, { token: ada })).body.unread).toBe(0)
  })

  it('closes at the vendor, or says that it cannot', async () => {
    const answer = await fixture.call(`POST /v1/tickets/${ticket.id}/close`, { token: ada })
    if (!fixture.game.can.close) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'unsupported' } })
      return
    }
    expect(answer).toMatchObject({ status: 200, body: { status: 'closed' } })
    await until(
      async () => (await fixture.atVendor(ticket.number)).every(({ closed }) => closed),
      'all of it is closed',
    )
  })

  it('reopens at the vendor or by a follow-up, and goes on', async () => {
    if (!fixture.game.can.close) fixture.simulator.agentCloses(await newest())
    const before = (await fixture.atVendor(ticket.number)).length
    const answer = await fixture.call<Ticket>(`POST /v1/tickets/${ticket.id}/reopen`, { token: ada })
    expect(answer).toMatchObject({ status: 200, body: { status: 'open', can: { reply: true } } })
    expect((await fixture.reply(ada, ticket.id, 'Es ist wieder weg.')).status).toBe(201)
    await settled()
    const goesOn = fixture.game.can.reopen === 'native' && fixture.game.can.reply === 'thread'
    const found = await fixture.atVendor(ticket.number, goesOn ? before : before + 1)
    expect(found).toHaveLength(goesOn ? before : before + 1)
    expect(found.at(-1)).toMatchObject({ closed: false })
    expect(found.at(-1)?.lines).toContain('Es ist wieder weg.')
    expect(await status()).not.toBe('closed')
  })

  it('lists it once, and hands it over in the export', async () => {
    expect((await fixture.list(ada)).map(({ id }) => id)).toEqual([ticket.id])
    const exported = await fixture.call('GET /v1/export', { token: ada })
    const typed = fixture.game.can.answers === 'email' ? 'typed@players.example' : undefined
    expect((exported.body as PlayerExport).tickets.map(({ email }) => email)).toContain(typed)
    expect(JSON.stringify(exported.body)).toContain('Es ist wieder weg.')
    expect(exported.body).toMatchObject({ tickets: [{ metadata: { claimed: { device: 'Pixel 8' } } }] })
  })

  it('lets out nothing private, though the vendor says plenty', async () => {
    fixture.simulator.misbehave('error-inside', 3)
    await fixture.read(ada, ticket.id)
    fixture.simulator.behave()
    await fixture.call('GET /v1/events?poll=1', { token: ada, headers: { 'last-event-id': '0' } })
    const said = await fixture.said()
    expect(said).toContain('Noch jemand da?')
    expect(said).not.toContain(canaryPrefix)
    expect(JSON.stringify(fixture.simulator.answered)).toContain(canaryPrefix)
  })

  it('has the player forgotten, at the vendor or by the studio, and brings nothing back', async () => {
    // A relay that ends finishes what is on its way.
    await fixture.restart()
    const path = '/v1/deletion-requests'
    expect((await fixture.call(`POST ${path}`, { token: ada, body: { confirm: true } })).status).toBe(202)
    const done = await until(async () => {
      const { body } = await fixture.call<{ items: { status: string; steps: { name: string }[] }[] }>(`GET ${path}`, {
        token: ada,
      })
      return body.items[0]?.status === 'done' && body.items[0]
    }, 'the request is done')
    const atVendor = fixture.game.can.deletion === 'vendor'
    expect(done.steps.map((step) => step.name)).toEqual([
      'asked',
      atVendor ? 'vendor-asked' : 'studio-asked',
      'relay-erased',
    ])
    // Once more where its lists may not have shown a new ticket yet.
    if (atVendor) expect(new Set(fixture.simulator.forgotten?.())).toEqual(new Set(['player-ada']))
    else
      expect(
        fixture.simulator
          .tickets()
          .at(-1)
          ?.lines.some((line) => /deletion/.test(line)),
      ).toBe(true)
    fixture.pass(31_000)
    expect(await fixture.list(ada)).toEqual([])
    expect((await fixture.call(`GET /v1/tickets/${ticket.id}`, { token: ada })).status).toBe(404)
    expect(await fixture.said()).not.toContain(canaryPrefix)
  })
})
