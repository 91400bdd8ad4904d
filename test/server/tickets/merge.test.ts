/** An anonymous player turns out to be somebody: all of theirs moves, once, and only on proof. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Merged, Session } from '../../../server/contract/player.ts'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import { snapshot } from '../../fixtures/ledger-contents.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'
import { startZaiaSimulator } from '../../simulators/zaia/simulator.ts'

const storeOn = async (engine: string) => (engine === 'postgres' ? { store: await freshDatabase() } : {})

describe.each(['sqlite', 'postgres'])('On %s, a merge', (engine) => {
  let fixture: RelayFixture
  let sub: string
  let ada: string
  let anonymous: Session

  beforeAll(async () => {
    fixture = await startTwoGames({ config: await storeOn(engine) })
  })

  afterAll(() => fixture.close())

  /** Another Ada for each test. */
  beforeEach(async () => {
    sub = `ada-${crypto.randomUUID()}`
    ada = fixture.verified({ sub })
    anonymous = await fixture.signIn()
  })

  const merge = (anonymousToken = anonymous.token, token = ada) =>
    fixture.call<Merged>('POST /v1/sessions/merge', { token, body: { anonymousToken } })
  const idsOf = async (token: string) =>
    (await fixture.call<{ items: Ticket[] }>('GET /v1/tickets', { token })).body.items.map(({ id }) => id)

  it('moves tickets, files and the right to repeat a request, and ends the anonymous session and its key', async () => {
    const ticket = await fixture.open(anonymous.token, {}, 'first')
    const own = await fixture.open(ada)
    const upload = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
    const file = await fixture.call<{ id: string }>('POST /v1/attachments', { token: anonymous.token, body: upload })
    expect(file.status).toBe(201)

    expect(await merge()).toMatchObject({ status: 200, body: { tickets: 1 } })

    expect((await idsOf(ada)).toSorted()).toEqual([ticket.id, own.id].toSorted())
    const again = await fixture.open(ada, {}, 'first')
    expect(again.id).toBe(ticket.id)
    expect((await fixture.call(`DELETE /v1/attachments/${file.body.id}`, { token: ada })).status).toBe(204)

    const ended = { status: 401, body: { code: 'session_ended' } }
    expect(await fixture.call('GET /v1/tickets', { token: anonymous.token })).toMatchObject(ended)
    const { recoveryKey } = anonymous
    const recovering = { game: 'star-harbor', kind: 'recover', recoveryKey }
    expect(await fixture.call('POST /v1/sessions', { body: recovering })).toMatchObject({ status: 404 })
  })

  it('tells the player’s other devices', async () => {
    const ticket = await fixture.open(anonymous.token)
    const { body: before } = await fixture.call<{ lastEventId: string }>('GET /v1/events?poll=1', { token: ada })
    await merge()
    const { body } = await fixture.call<{ events: { event: { type: string; data: { ticket?: Ticket } } }[] }>(
      'GET /v1/events?poll=1',
      { token: ada, headers: { 'last-event-id': before.lastEventId } },
    )
    expect(
      body.events.some(({ event }) => event.type === 'ticket-changed' && event.data.ticket?.id === ticket.id),
    ).toBe(true)
  })

  it('may be repeated by the same player, and moves nothing twice', async () => {
    await fixture.open(anonymous.token)
    const answers = await Promise.all([merge(), merge(), merge()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.map(({ body }) => body.tickets).toSorted()).toEqual([0, 0, 1])
    expect(await idsOf(ada)).toHaveLength(1)
  })

  it('of one anonymous player by two at once goes to one of them', async () => {
    const ticket = await fixture.open(anonymous.token)
    const bob = fixture.verified({ sub: 'bob' })
    const answers = await Promise.all([merge(), merge(anonymous.token, bob)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422])
    const owners = await Promise.all([ada, bob].map((token) => fixture.call(`GET /v1/tickets/${ticket.id}`, { token })))
    expect(owners.map(({ status }) => status).toSorted()).toEqual([200, 404])
  })

  it('takes along what was written at that very moment', { timeout: 90_000 }, async () => {
    const attempts = Array.from({ length: 8 }, (_, n) =>
      fixture.call<Conversation>('POST /v1/tickets', {
        token: anonymous.token,
        key: `key-${n}`,
        body: { message: `number ${n}`, language: 'en' },
      }),
    )
    const [merged, ...answers] = await Promise.all([merge(), ...attempts])
    expect(merged.status).toBe(200)
    const taken = answers.filter(({ status }) => status === 201).map(({ body }) => body.id)
    // What came too late for the merge itself is moved by the next round of housekeeping.
    await until(async () => (await idsOf(ada)).length === taken.length, 'all are Ada’s', 60_000)
    expect((await idsOf(ada)).toSorted()).toEqual(taken.toSorted())
  })

  it('waits while the anonymous player’s erasure is pending', async () => {
    await fixture.open(anonymous.token)
    const asked = await fixture.call<{ id: string }>('POST /v1/deletion-requests', {
      token: anonymous.token,
      body: { confirm: true },
    })
    expect(await merge()).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect((await fixture.call('GET /v1/tickets', { token: anonymous.token })).status).toBe(200)
    await fixture.call(`DELETE /v1/deletion-requests/${asked.body.id}`, { token: anonymous.token })
    expect(await merge()).toMatchObject({ status: 200, body: { tickets: 1 } })
    const { body } = await fixture.call<{ items: unknown[] }>('GET /v1/deletion-requests', { token: ada })
    expect(body.items).toMatchObject([{ status: 'withdrawn' }])
  })

  it('is refused to whoever proves only one side, and moves nothing', async () => {
    const ticket = await fixture.open(anonymous.token)
    const other = await fixture.signIn()
    const elsewhere = await fixture.signIn('moon-base')
    const mailed = await fixture.signInByMail()
    const gone = await fixture.signIn()
    await fixture.call('DELETE /v1/session', { token: gone.token })
    const unsupported = { status: 422, body: { code: 'unsupported' } }
    const place = (code: string) => ({
      status: 422,
      body: { code: 'invalid', errors: [{ path: 'anonymousToken', code }] },
    })

    expect(await merge(anonymous.token, other.token)).toMatchObject(unsupported)
    expect(await merge(anonymous.token, mailed.token)).toMatchObject(unsupported)
    expect(await merge(elsewhere.token)).toMatchObject(unsupported)
    expect(await merge(mailed.token)).toMatchObject(unsupported)
    expect(await merge(fixture.verified({ sub: 'bob' }))).toMatchObject(unsupported)
    expect(await merge('nonsense')).toMatchObject(unsupported)
    expect(await merge(`${anonymous.token.slice(0, -4)}AAAA`)).toMatchObject(place('token_bad_signature'))
    expect(await merge(gone.token)).toMatchObject(place('session_ended'))

    expect(await idsOf(ada)).toEqual([])
    expect(await idsOf(anonymous.token)).toEqual([ticket.id])
  })

  it('never follows from a claim: a typed address, an id in the metadata', async () => {
    const mine = await fixture.open(fixture.verified({ sub, email: 'ada@players.example' }))
    const claims = { playerId: sub, sub, email: 'ada@players.example', recoveryKey: 'x' }
    const claimed = await fixture.open(anonymous.token, { email: 'ada@players.example', metadata: claims })
    expect(await idsOf(anonymous.token)).toEqual([claimed.id])
    expect(await idsOf(fixture.verified({ sub, email: 'ada@players.example' }))).toEqual([mine.id])
    // A mailbox that was proved is a player of its own, whatever address the studio signs.
    expect(await idsOf((await fixture.signInByMail('ada@players.example')).token)).toEqual([])
  })
})

describe('After a merge', () => {
  it('the vendor goes on knowing the ticket by who opened it, and new ones by who the player is', async () => {
    const simulator = await startZaiaSimulator({ chatOnSight: true })
    const fixture = await startTwoGames({ game: { vendor: simulator.config } })
    const anonymous = await fixture.signIn()
    const ada = fixture.verified({ sub: 'ada', name: 'Ada' })
    const ticket = await fixture.open(anonymous.token, { message: 'opened by nobody' })
    await until(() => simulator.tickets().length === 1, 'it has arrived')
    await until(async () => {
      const { body } = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: anonymous.token })
      return body.messages[0]?.delivery === 'delivered'
    }, 'the relay knows so')
    await fixture.call('POST /v1/sessions/merge', { token: ada, body: { anonymousToken: anonymous.token } })

    const replied = await fixture.call<{ id: string }>(`POST /v1/tickets/${ticket.id}/messages`, {
      token: ada,
      key: 'reply',
      body: { message: 'said by Ada' },
    })
    await until(async () => {
      const { body } = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
      return body.messages.find(({ id }) => id === replied.body.id)?.delivery === 'delivered'
    }, 'the reply has arrived')
    await fixture.open(ada, { message: 'opened by Ada' })
    const seen = await until(() => {
      const tickets = simulator.tickets()
      return tickets.some(({ lines }) => lines.join().includes('opened by Ada')) && tickets
    }, 'the new one has arrived')
    const [first, second] = ['opened by nobody', 'opened by Ada'].map((text) =>
      seen.find(({ lines }) => lines.join('\n').includes(text)),
    )
    expect(first?.lines.join('\n')).toContain('said by Ada')
    expect(second?.vendorTicketId).not.toBe(first?.vendorTicketId)
    // Whose chat it is decides what Zaia takes from whom: the wrong name would have been refused.
    const told = simulator.received.map(({ body }) => JSON.stringify(body) ?? '')
    expect(told.filter((body) => body.includes('anon:'))).not.toEqual([])
    expect(told.filter((body) => body.includes('"ada"'))).not.toEqual([])
    expect(simulator.violations).toEqual([])
    await fixture.close()
    await simulator.close()
  })

  it('a message that may have arrived under the old name is looked for and kept under that name', async () => {
    const simulator = await startZaiaSimulator({ chatOnSight: true })
    const fixture = await startTwoGames({ game: { vendor: simulator.config } })
    simulator.misbehave('lost-answer', 1, simulator.calls.open)
    const anonymous = await fixture.signIn()
    const ada = fixture.verified({ sub: 'ada' })
    const ticket = await fixture.open(anonymous.token, { message: 'did you hear me?' })
    await until(
      () => snapshot(fixture.folder).deliveries?.some((row) => row.problem_code !== null),
      'the answer was lost',
    )
    await fixture.call('POST /v1/sessions/merge', { token: ada, body: { anonymousToken: anonymous.token } })
    fixture.clock.pass(600_000)
    await until(async () => {
      const { body } = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
      return body.messages?.[0]?.delivery === 'delivered'
    }, 'it was found')
    expect(simulator.tickets()).toHaveLength(1)
    const { chains = [], players = [] } = snapshot(fixture.folder)
    const opener = players.find((row) => row.player === chains[0]?.player)
    expect(opener?.subject).toMatch(/^anon:/)
    await fixture.close()
    await simulator.close()
  })
})
