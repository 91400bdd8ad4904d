/** A ticket through the relay and the built-in desk, from opening to rating. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Message } from '../../../server/contract/message.ts'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

/** The same promises on both engines. */
const storeOn = async (engine: string) => (engine === 'postgres' ? { store: await freshDatabase() } : {})

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  let relay: TestRelay
  let token: string

  beforeEach(async () => {
    relay = await startRelay({ config: { ...(await storeOn(engine)) } })
    token = (await relay.signIn()).token
  })

  afterEach(() => relay.close())

  const read = async (id: string, as = token) =>
    (await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token: as })).body
  const deliveredTicket = () => until(async () => (await relay.desk.list())[0], 'the desk has the ticket')

  describe('A ticket', () => {
    it('is answered 201 with a number, and reaches the desk with language, fields and claimed metadata apart', async () => {
      const ticket = await relay.open(token, {
        message: '  Mein Schwert ist weg  ',
        language: 'de-AT',
        category: 'billing',
        fields: { order: 'A-1' },
        metadata: { os: 'Android 14' },
      })
      expect(ticket).toMatchObject({ status: 'open', language: 'de', category: 'billing', unread: 0 })
      expect(ticket.number).toMatch(/^SH-[2-9A-Z]{5}$/)
      expect(ticket.messages).toMatchObject([{ author: 'player', text: 'Mein Schwert ist weg', delivery: 'received' }])

      const { id } = await deliveredTicket()
      const atDesk = await relay.desk.read(id)
      expect(atDesk.ticket).toMatchObject({ number: ticket.number, language: 'de' })
      expect(JSON.parse(atDesk.ticket.claimed)).toEqual({ os: 'Android 14' })
      expect(JSON.parse(atDesk.ticket.fields)).toEqual({ order: 'A-1' })
      expect(JSON.parse(atDesk.ticket.signed)).toEqual({})
      await until(async () => (await read(ticket.id)).messages[0]?.delivery === 'delivered', 'the message is delivered')
      const sent = {
        player: atDesk.ticket.player_id,
        language: 'de',
        category: 'billing',
        order: 'A-1',
        os: 'Android 14',
      }
      const lines = Object.entries(sent).map(([key, value]) => ({ key, value, source: 'claimed' }))
      expect(ticket.sentAlong).toEqual(lines)
      expect((await read(ticket.id)).sentAlong).toEqual(lines)
    })

    it('shows the agent’s answer as unread until it is read', async () => {
      const ticket = await relay.open(token)
      await relay.desk.answer((await deliveredTicket()).id, 'We found it')
      const answered = await until(async () => {
        const now = await read(ticket.id)
        return now.status === 'answered' && now
      }, 'the answer arrives')
      expect(answered).toMatchObject({ status: 'answered', unread: 1 })
      expect(answered.messages).toHaveLength(2)
      expect(answered.messages[1]).toMatchObject({ author: 'agent', authorName: 'Robin', text: 'We found it' })

      const after = await relay.call<Ticket>(`POST /v1/tickets/${ticket.id}/read`, { token })
      expect(after.body.unread).toBe(0)
    })

    it('never shows an internal note, in no call and in no event', async () => {
      const ticket = await relay.open(token)
      const { id } = await deliveredTicket()
      const stream = await fetch(`${relay.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })
      const events = collect(stream)
      await relay.desk.note(id, 'canary-note: a known cheater')
      await relay.desk.answer(id, 'We look into it')
      await until(() => events.text().includes('We look into it'), 'the answer is streamed')

      const bodies = await Promise.all(
        ['/v1/tickets', `/v1/tickets/${ticket.id}`, '/v1/export', '/v1/events?poll=1'].map(async (path) =>
          JSON.stringify((await relay.call(`GET ${path}`, { token, headers: { 'last-event-id': '0' } })).body),
        ),
      )
      await events.stop()
      expect(bodies.join() + events.text() + relay.lines.join()).not.toContain('canary-note')
      expect((await relay.desk.read(id)).messages.map(({ author }) => author)).toContain('note')
    })

    it('takes replies, closes, refuses a reply while closed, reopens and goes on', async () => {
      const ticket = await relay.open(token)
      const reply = (message: string, key: string) =>
        relay.call<Message>(`POST /v1/tickets/${ticket.id}/messages`, { token, key, body: { message } })
      expect((await reply('Anybody there?', 'k1')).status).toBe(201)

      const closed = await relay.call<Ticket>(`POST /v1/tickets/${ticket.id}/close`, { token })
      expect(closed.body).toMatchObject({ status: 'closed', can: { reply: false, reopen: true, rate: true } })
      expect((await reply('Hello?', 'k2')).body).toMatchObject({ status: 409, code: 'ticket_closed' })

      const reopened = await relay.call<Ticket>(`POST /v1/tickets/${ticket.id}/reopen`, { token })
      expect(reopened.body.status).toBe('open')
      expect((await reply('It came back', 'k3')).status).toBe(201)

      const { id } = await deliveredTicket()
      const atDesk = await until(async () => {
        const now = await relay.desk.read(id)
        return now.messages.length === 3 && now
      }, 'all messages are at the desk')
      expect(atDesk.messages.map(({ text }) => text)).toEqual(['My sword is gone', 'Anybody there?', 'It came back'])
      await until(async () => (await relay.desk.read(id)).ticket.status === 'open', 'the desk has it open again')
    })

    it('is named by the first line of its message, and listed by its first words', async () => {
      const lines = await relay.open(token, { message: 'The bridge  \r\nis gone' })
      expect(lines.subject).toBe('The bridge')
      const stars = await relay.open(token, { message: '🌟'.repeat(5_000), subject: 'So\nmany' })
      expect(stars.subject).toBe('So many')
      expect(Array.from(stars.lastMessage?.text ?? '')).toHaveLength(140)
    })

    it('is rated once, after it was closed', async () => {
      const ticket = await relay.open(token)
      const rate = (body: unknown) => relay.call(`POST /v1/tickets/${ticket.id}/rating`, { token, body })
      expect((await rate({ score: 5 })).body).toMatchObject({ code: 'unsupported' })
      await relay.call(`POST /v1/tickets/${ticket.id}/close`, { token })
      expect((await rate({ score: 4, comment: 'Quick' })).body).toMatchObject({
        rating: { score: 4, comment: 'Quick' },
      })
      expect((await rate({ score: 4, comment: 'Quick' })).status).toBe(200)
      expect((await rate({ score: 1 })).body).toMatchObject({ code: 'unsupported' })
      const { id } = await deliveredTicket()
      await until(
        async () => JSON.stringify((await relay.desk.read(id)).ticket).includes('Quick'),
        'the desk has the rating',
      )
    })

    it('is closed by the agent, and the player sees it', async () => {
      const ticket = await relay.open(token)
      await relay.desk.close((await deliveredTicket()).id)
      await until(async () => (await read(ticket.id)).status === 'closed', 'the player sees it closed')
    })

    it('is listed by newest activity, page by page', async () => {
      const numbers: string[] = []
      for (const message of ['one', 'two', 'three']) numbers.unshift((await relay.open(token, { message })).number)
      const first = await relay.call<{ items: Ticket[]; cursor: string }>('GET /v1/tickets?limit=2', { token })
      const rest = await relay.call<{ items: Ticket[]; cursor: null }>(
        `GET /v1/tickets?limit=2&cursor=${first.body.cursor}`,
        { token },
      )
      expect([...first.body.items, ...rest.body.items].map(({ number }) => number)).toEqual(numbers)
      expect(rest.body.cursor).toBeNull()
    })

    it('pages its messages back', async () => {
      const ticket = await relay.open(token, { message: 'm1' })
      for (const n of [2, 3, 4, 5]) {
        await relay.call(`POST /v1/tickets/${ticket.id}/messages`, { token, key: `k${n}`, body: { message: `m${n}` } })
      }
      const newest = (await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}?limit=2`, { token })).body
      expect(newest.messages.map(({ text }) => text)).toEqual(['m4', 'm5'])
      const earlier = (
        await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}?limit=3&before=${newest.earlier}`, { token })
      ).body
      expect(earlier.messages.map(({ text }) => text)).toEqual(['m1', 'm2', 'm3'])
      expect(earlier.earlier).toBeNull()
    })

    it('survives a restart of the relay, with its messages, its session and its place at the desk', async () => {
      const ticket = await relay.open(token)
      await deliveredTicket()
      relay = await relay.restart()
      expect(await read(ticket.id)).toMatchObject({ number: ticket.number, messages: [{ text: 'My sword is gone' }] })
      await relay.desk.answer((await deliveredTicket()).id, 'Back again')
      await until(async () => (await read(ticket.id)).messages.length === 2, 'the answer arrives after the restart')
    })
  })

  describe('Of two copies of a ticket', () => {
    it('the later `updatedAt` is the newer, though the clock stands still or goes back', async () => {
      let now = Date.now()
      const frozen = await startRelay({ config: await storeOn(engine), clock: { now: () => new Date(now) } })
      const bearer = (await frozen.signIn()).token
      const { id, updatedAt } = await frozen.open(bearer)
      const seen = [updatedAt]
      const act = async (what: string, body?: unknown) => {
        await frozen.call(`POST /v1/tickets/${id}/${what}`, { token: bearer, body, key: crypto.randomUUID() })
        seen.push((await frozen.call<Ticket>(`GET /v1/tickets/${id}`, { token: bearer })).body.updatedAt)
        now -= 5
      }
      for (const what of ['close', 'reopen']) await act(what)
      await act('messages', { message: 'Once more' })
      await act('close')
      await act('rating', { score: 4 })
      await frozen.close()
      expect(seen).toEqual([...new Set(seen)].sort())
      expect(seen).toHaveLength(6)
    })
  })

  describe('Events', () => {
    it('of just now are told to who names none, and everybody has a place to come back to', async () => {
      let ahead = 0
      const clocked = await startRelay({
        config: await storeOn(engine),
        clock: { now: () => new Date(Date.now() + ahead) },
      })
      const bearer = (await clocked.signIn()).token
      const begin = async (place?: string) => {
        const headers = { authorization: `Bearer ${bearer}`, ...(place && { 'last-event-id': place }) }
        return collect(await fetch(`${clocked.url}/v1/events`, { headers }))
      }
      await clocked.open(bearer, { message: 'said before the stream' })
      const soon = await begin()
      await until(() => soon.text().includes('said before the stream'), 'what has just happened is told')
      await until(async () => (await clocked.desk.list())[0], 'the desk has the ticket')
      ahead = 180_000
      const late = await begin()
      const place = await until(() => /^id: (\d+)\n: welcome\n\n/.exec(late.text())?.[1], 'it has a place')
      expect(late.text()).not.toContain('said before the stream')
      soon.stop()
      late.stop()
      await clocked.open(bearer, { message: 'said while nobody listened' })
      ahead = 3_600_000
      const back = await begin(place)
      await until(() => back.text().includes('said while nobody listened'), 'what was missed is told')
      expect(back.text()).not.toContain('said before the stream')
      back.stop()
      await clocked.close()
    })

    it('replay what was missed, and say resync when they cannot', async () => {
      await relay.open(token)
      const replayed = await relay.call<{ events: { event: { type: string } }[] }>('GET /v1/events?poll=1', {
        token,
        headers: { 'last-event-id': '0' },
      })
      expect(replayed.body.events.map(({ event }) => event.type)).toEqual(
        expect.arrayContaining(['message-added', 'ticket-changed']),
      )
      const stale = await relay.call<{ events: { event: { type: string } }[] }>('GET /v1/events?poll=1', {
        token,
        headers: { 'last-event-id': '999999' },
      })
      // Whatever happens meanwhile comes behind it.
      expect(stale.body.events[0]?.event.type).toBe('resync')
    })

    it('tell every device of the player, and nobody else', async () => {
      const other = (await relay.signIn()).token
      const [mine, theirs] = await Promise.all(
        [token, other].map(async (bearer) =>
          collect(await fetch(`${relay.url}/v1/events`, { headers: { authorization: `Bearer ${bearer}` } })),
        ),
      )
      await relay.open(token, { message: 'only for me' })
      await until(() => mine?.text().includes('only for me'), 'the other tab hears of the ticket')
      await relay.open(other, { message: 'theirs' })
      await until(() => theirs?.text().includes('theirs'), 'the other player hears of their own')
      expect(theirs?.text()).not.toContain('only for me')
      expect(mine?.text()).toMatch(/^id: \d+$/m)
      await Promise.all([mine?.stop(), theirs?.stop()])
    })
  })

  describe('Erasure', () => {
    it('can be withdrawn until it begins', async () => {
      const asked = await relay.call<{ id: string }>('POST /v1/deletion-requests', { token, body: { confirm: true } })
      expect(asked).toMatchObject({ status: 202, body: { status: 'waiting', steps: [{ name: 'asked' }] } })
      const withdrawn = await relay.call(`DELETE /v1/deletion-requests/${asked.body.id}`, { token })
      expect(withdrawn.body).toMatchObject({ status: 'withdrawn' })
      const listed = await relay.call('GET /v1/deletion-requests', { token })
      expect(listed.body).toMatchObject({ items: [{ id: asked.body.id, status: 'withdrawn' }], cursor: null })
    })

    it('is one request, however often it is asked for at the same moment, until it has come to its end', async () => {
      const ask = async () =>
        (await relay.call<{ id: string }>('POST /v1/deletion-requests', { token, body: { confirm: true } })).body.id
      // Once the ledger has a connection for each, none has to wait for another.
      await Promise.all(Array.from({ length: 8 }, () => relay.call('GET /v1/tickets', { token })))
      const asked = new Set(await Promise.all(Array.from({ length: 8 }, ask)))
      expect(asked.size).toBe(1)
      const [first] = asked
      await relay.call(`DELETE /v1/deletion-requests/${first}`, { token })
      expect(await ask()).not.toBe(first)
      const listed = await relay.call<{ items: { status: string }[] }>('GET /v1/deletion-requests', { token })
      expect(listed.body.items.map(({ status }) => status)).toEqual(['waiting', 'withdrawn'])
    })

    it('takes everything: at the desk, in the ledger, and the way back by recovery key', async () => {
      await relay.close()
      relay = await startRelay({ config: { ...(await storeOn(engine)), deletionGraceHours: 0 } })
      const session = await relay.signIn()
      token = session.token
      const ticket = await relay.open(token, { message: 'forget this' })
      await until(async () => (await read(ticket.id)).messages[0]?.delivery === 'delivered', 'it has arrived')
      await relay.call('POST /v1/deletion-requests', { token, body: { confirm: true } })
      const done = await until(async () => {
        const { body } = await relay.call<{ items: { status: string; steps: { name: string }[] }[] }>(
          'GET /v1/deletion-requests',
          { token },
        )
        return body.items[0]?.status === 'done' && body.items[0]
      }, 'the request is done')
      expect(done.steps.map(({ name }) => name)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
      expect((await relay.call(`GET /v1/tickets/${ticket.id}`, { token })).status).toBe(404)
      expect(await relay.desk.list()).toEqual([])
      const recovered = await relay.call('POST /v1/sessions', {
        body: { game: 'star-harbor', kind: 'recover', recoveryKey: session.recoveryKey },
      })
      expect(recovered.status).toBe(404)
    })
  })
})

/** Gathers what a stream says until it is stopped. */
function collect(response: Response) {
  let text = ''
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const reading = (async () => {
    for (;;) {
      const next = await reader?.read().catch(() => undefined)
      if (!next || next.done) return
      text += next.value
    }
  })()
  return {
    text: () => text,
    stop: async () => {
      await reader?.cancel().catch(() => undefined)
      await reading
    },
  }
}
