/** History opened elsewhere: a verified player sees it as their own, once; whoever is not verified sees nothing of it. */
import { afterEach, describe, expect, it } from 'vitest'
import { createSessionTokens } from '../../../server/players/session.ts'
import { systemClock } from '../../../server/runtime/clock.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { type RelayFixture, startVendorRelay, tokenOf, type VendorRelayOptions } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'
import { startTheymesSimulator, type TheymesSimulator } from '../../simulators/theymes/simulator.ts'

const ada = tokenOf('ada')
const bob = tokenOf('bob')
const scenes: RelayFixture[] = []

async function begin(...options: Parameters<typeof startVendorRelay>): Promise<RelayFixture> {
  const fixture = await startVendorRelay(...options)
  scenes.unshift(fixture)
  return fixture
}

afterEach(async () => {
  for (const fixture of scenes.splice(0)) await fixture.end()
})

/** The rounds the relay makes are this far apart. */
const roundMs = 31_000

describe.each(['theymes', 'zaia'] as const)('A relay that has lost its ledger, over %s', (name) => {
  it('finds a verified player’s tickets again, as old ones, and goes on with them', async () => {
    const first = await begin(name)
    const ticket = await first.open(ada, { message: 'Mein Schiff ist weg.' })
    const [found] = await first.atVendor(ticket.number)
    if (!found) throw new Error('the vendor has it')
    first.simulator.agentAnswers(found.vendorTicketId, 'Wir suchen es.')

    const second = await begin(name, { simulator: first.simulator })
    const [again, ...more] = await second.list(ada)
    expect(more).toEqual([])
    expect(again).toMatchObject({ subject: 'Mein Schiff ist weg.', unread: 0 })
    expect(again?.id).not.toBe(ticket.id)
    expect(again?.number).toMatch(/^SH-[2-9A-Z]{5}$/)
    const id = again?.id ?? ''
    expect(await second.read(ada, id)).toMatchObject({
      unread: 0,
      messages: [
        { author: 'player', text: 'Mein Schiff ist weg.', delivery: 'delivered' },
        { author: 'agent', text: 'Wir suchen es.' },
      ],
    })

    expect((await second.reply(ada, id, 'Danke!')).status).toBe(201)
    await until(() => first.simulator.tickets().some(({ lines }) => lines.includes('Danke!')), 'the vendor has it')
    first.simulator.agentAnswers(first.simulator.tickets().at(-1)?.vendorTicketId ?? '', 'Es ist da.')
    const now = await second.readUntil(ada, id, ({ unread }) => unread === 1, 'what is new counts as new')
    expect(now.messages.map(({ text }) => text)).toEqual([
      'Mein Schiff ist weg.',
      'Wir suchen es.',
      'Danke!',
      'Es ist da.',
    ])
    expect(await second.list(ada)).toHaveLength(1)
    expect(await second.list(bob)).toEqual([])
    expect((await second.call(`GET /v1/tickets/${id}`, { token: bob })).status).toBe(404)
  })
})

describe('History at the vendor', () => {
  let simulator: TheymesSimulator
  let fixture: RelayFixture

  async function beginTheymes(options: VendorRelayOptions = {}): Promise<void> {
    simulator = await startTheymesSimulator()
    fixture = await begin('theymes', { simulator, ...options })
  }

  afterEach(() => simulator.close())

  /** Of one player's; what changed is asked for without one. */
  const lists = () => simulator.received.filter(({ call, query }) => call === 'GET /tickets' && query.playerId).length

  it('is nobody’s who is not verified, whatever they are called', async () => {
    await beginTheymes()
    simulator.opensElsewhere('email:somebody', 'By mail')
    const sessions = createSessionTokens([Buffer.alloc(32, 'a secret of the tests')], { clock: systemClock })
    const mailed = { game: 'star-harbor', subject: 'email:somebody', kind: 'email', lifetimeSeconds: 600 } as const
    const { body } = await fixture.call<{ token: string }>('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'anonymous' },
    })
    for (const token of [body.token, (await sessions.issue(mailed)).token]) {
      expect((await fixture.call('GET /v1/tickets', { token })).body).toEqual({ items: [], cursor: null })
      expect((await fixture.call('GET /v1/export', { token })).status).toBe(200)
    }
    expect(simulator.received).toEqual([])
  })

  it('comes in page by page, in two lists a round at the most, and never twice', async () => {
    await beginTheymes()
    for (let index = 1; index <= 45; index += 1) simulator.opensElsewhere('player-ada', `Question ${index}`)
    const counts: number[] = []
    for (let round = 1; round <= 4; round += 1) {
      const before = lists()
      await Promise.all([fixture.list(ada), fixture.list(ada), fixture.list(ada)])
      expect(lists() - before).toBeLessThanOrEqual(2)
      const { body } = await fixture.call<{ items: unknown[] }>('GET /v1/tickets?limit=100', { token: ada })
      counts.push(body.items.length)
      fixture.pass(roundMs)
    }
    expect(counts).toEqual([40, 45, 45, 45])
  })

  it('is asked for once in half a minute, however often a player looks', async () => {
    await beginTheymes()
    simulator.opensElsewhere('player-ada', 'Hello')
    for (let look = 0; look < 5; look += 1) await fixture.list(ada)
    expect(lists()).toBe(1)
    fixture.pass(roundMs)
    await fixture.list(ada)
    expect(lists()).toBe(2)
  })

  it('tells the player’s other tabs of the ticket, and calls no message new', async () => {
    await beginTheymes()
    simulator.opensElsewhere('player-ada', 'Hello')
    const [ticket] = await fixture.list(ada)
    await fixture.read(ada, ticket?.id ?? '')
    const { body } = await fixture.call<{ events: { event: { type: string } }[] }>('GET /v1/events?poll=1', {
      token: ada,
      headers: { 'last-event-id': '0' },
    })
    expect(body.events.map(({ event }) => event.type)).toEqual(['ticket-changed'])
  })

  it('does not hold up the ledger’s answer while the vendor is down, and comes when it is back', async () => {
    await beginTheymes()
    simulator.opensElsewhere('player-ada', 'Hello')
    simulator.misbehave('error', 100)
    expect(await fixture.list(ada)).toEqual([])
    expect(fixture.logged().filter((line) => line.includes('a history could not be read'))).toHaveLength(1)
    simulator.behave()
    fixture.pass(roundMs)
    expect(await fixture.list(ada)).toHaveLength(1)
  })

  it('does not hold it up for long while the vendor hangs', async () => {
    await beginTheymes()
    simulator.misbehave('hang', 100)
    expect((await fixture.call('GET /v1/tickets', { token: ada })).status).toBe(200)
  })

  it('is adopted once by two relays on one ledger', async () => {
    await beginTheymes({ store: await freshDatabase() })
    for (let index = 1; index <= 10; index += 1) simulator.opensElsewhere('player-ada', `Question ${index}`)
    const other = await begin('theymes', { simulator, store: fixture.store })
    const whole = (listing: RelayFixture) => async () => {
      const found = await listing.list(ada)
      return found.length >= 10 && found
    }
    // A list does not wait for a vendor that is slow, and has more the next time.
    const [mine, theirs] = await Promise.all([until(whole(fixture), 'the one list'), until(whole(other), 'the other')])
    expect([mine.length, theirs.length]).toEqual([10, 10])
    expect(new Set([...mine, ...theirs].map(({ id }) => id)).size).toBe(10)
  })

  it('is not what the relay itself is opening just now', async () => {
    await beginTheymes()
    simulator.misbehave('lost-answer', 1, 'POST /tickets')
    const ticket = await fixture.open(ada)
    await until(
      () => simulator.tickets().some(({ lines }) => lines.some((line) => line.includes(ticket.number))),
      'sent',
    )
    expect((await fixture.list(ada)).map(({ id }) => id)).toEqual([ticket.id])
    await fixture.readUntil(ada, ticket.id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it is known')
    fixture.pass(roundMs)
    expect((await fixture.list(ada)).map(({ id }) => id)).toEqual([ticket.id])
  })
})
