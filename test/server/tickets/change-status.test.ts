/** What became of a ticket stands in its conversation: once for each change, kept and forgotten with everything else. */
import { sql } from 'kysely'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventBatch } from '../../../server/contract/event.ts'
import type { PlayerExport } from '../../../server/contract/export.ts'
import type { Session } from '../../../server/contract/player.ts'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { migrations } from '../../../server/store/migrations.ts'
import { createStore } from '../../../server/store/store.ts'
import { changeStatus } from '../../../server/tickets/change-status.ts'
import { freshDatabase, stopPostgres } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { createStudio } from '../../fixtures/studio.ts'
import { until } from '../../fixtures/wait.ts'

const studio = createStudio()
const players = { jwt: studio.config, anonymous: true }
const dayMs = 86_400_000
/** Makes a ledger what it was before. */
const before = [
  'alter table messages drop column event',
  'alter table messages drop column event_by',
  'alter table tickets drop column said_position',
]

afterAll(stopPostgres)

describe.each(['sqlite', 'postgres'] as const)('On %s, a line in the conversation', (engine) => {
  let relay: TestRelay
  let database: Database
  let session: Session
  let ahead: number

  beforeEach(async () => {
    ahead = 0
    const store = engine === 'postgres' ? await freshDatabase() : undefined
    relay = await startRelay({
      clock: { now: () => new Date(Date.now() + ahead) },
      game: { players },
      config: { deletionGraceHours: 0, ...(store ? { store } : {}) },
    })
    database = await openDatabase(store ?? `sqlite:${relay.folder}/medkit.db`)
    session = await relay.signIn()
  })

  afterEach(async () => {
    await database.close()
    await relay.close()
  })

  const read = async (id: string, token = session.token) =>
    (await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })).body
  const act = (id: string, what: 'close' | 'reopen') =>
    relay.call<Ticket>(`POST /v1/tickets/${id}/${what}`, { token: session.token })
  const atDesk = async () => (await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')).id
  const rows = () => database.db.selectFrom('messages').selectAll().orderBy('position').execute()

  it('says once that the player closed the ticket and reopened it, however often they press', async () => {
    const { id } = await relay.open(session.token)
    await Promise.all([act(id, 'close'), act(id, 'close'), act(id, 'close')])
    const { body: closed } = await act(id, 'close')
    expect(closed).toMatchObject({ status: 'closed', unread: 0, lastMessage: { author: 'player' } })
    await Promise.all([act(id, 'reopen'), act(id, 'reopen')])
    await act(id, 'reopen')

    const { messages, lastMessage } = await read(id)
    expect(messages).toMatchObject([
      { author: 'player', text: 'My sword is gone' },
      { author: 'system', event: 'closed', by: 'player', text: 'You closed this ticket.', delivery: 'delivered' },
      { author: 'system', event: 'reopened', by: 'player', text: 'You reopened this ticket.', delivery: 'delivered' },
    ])
    expect(lastMessage).toMatchObject({ author: 'player', text: 'My sword is gone' })
  })

  it('goes to no agent, and keeps nothing from getting there', async () => {
    const { id } = await relay.open(session.token)
    await act(id, 'close')
    await act(id, 'reopen')
    const body = { message: 'It came back' }
    await relay.call(`POST /v1/tickets/${id}/messages`, { token: session.token, key: 'k', body })
    const desk = await atDesk()
    const there = await until(async () => {
      const { ticket, messages } = await relay.desk.read(desk)
      return messages.length > 1 && ticket.status === 'open' && messages
    }, 'the desk has the reply')
    expect(there.map(({ text }) => text)).toEqual(['My sword is gone', 'It came back'])
  })

  it('says that support closed the ticket, is announced, and hides neither the answer nor that it is unread', async () => {
    const { id } = await relay.open(session.token)
    const desk = await atDesk()
    await relay.desk.answer(desk, 'We found it')
    await relay.desk.close(desk)
    const isClosed = async () => (await read(id)).status === 'closed' && read(id)
    const ticket = await until(isClosed, 'the player sees it closed')
    expect(ticket.messages.map(({ author, event, by }) => [author, event, by])).toEqual([
      ['player', undefined, undefined],
      ['agent', undefined, undefined],
      ['system', 'closed', 'studio'],
    ])
    expect(ticket).toMatchObject({ unread: 1, lastMessage: { author: 'agent', text: 'We found it' } })
    // The list goes by it all the same.
    expect(Date.parse(ticket.updatedAt)).toBeGreaterThanOrEqual(Date.parse(ticket.messages[2]?.sentAt ?? ''))

    const headers = { 'last-event-id': '0' }
    const { body } = await relay.call<EventBatch>('GET /v1/events?poll=1', { token: session.token, headers })
    const told = body.events.flatMap(({ event }) =>
      event.type === 'message-added' ? [[event.data.ticketId, event.data.message.event]] : [],
    )
    expect(told.filter(([, event]) => event)).toEqual([[id, 'closed']])
    const after = await relay.call<Ticket>(`POST /v1/tickets/${id}/read`, { token: session.token })
    expect(after.body.unread).toBe(0)
  })

  it('survives a restart, has its place in the pages, and is in the export', async () => {
    const { id } = await relay.open(session.token)
    await act(id, 'close')
    await act(id, 'reopen')
    relay = await relay.restart()
    const { messages } = await read(id)
    expect(messages.map(({ event }) => event)).toEqual([undefined, 'closed', 'reopened'])

    const page = (query: string) =>
      relay.call<Conversation>(`GET /v1/tickets/${id}?limit=1${query}`, { token: session.token })
    const { body: newest } = await page('')
    const { body: before } = await page(`&before=${newest.earlier}`)
    expect([...before.messages, ...newest.messages]).toEqual(messages.slice(1))
    const { body } = await relay.call<PlayerExport>('GET /v1/export', { token: session.token })
    expect(body.tickets[0]?.messages.slice(1)).toEqual(messages.slice(1))
  })

  it('comes along when the player turns out to be somebody', async () => {
    const { id } = await relay.open(session.token)
    await act(id, 'close')
    const now = Math.floor(Date.now() / 1_000)
    const ada = studio.sign({ sub: 'ada', iat: now, exp: now + 600 })
    const merging = { token: ada, body: { anonymousToken: session.token } }
    expect(await relay.call('POST /v1/sessions/merge', merging)).toMatchObject({ body: { tickets: 1 } })
    expect((await read(id, ada)).messages.at(-1)).toMatchObject({ event: 'closed', by: 'player' })
  })

  it('is erased with the rest', async () => {
    const { id } = await relay.open(session.token)
    await atDesk()
    await act(id, 'close')
    expect(await rows()).toHaveLength(2)
    const onItsWay = () => database.db.selectFrom('deliveries').select('sequence').execute()
    await until(async () => (await onItsWay()).length === 0, 'nothing is on its way')
    const body = { confirm: true }
    expect((await relay.call('POST /v1/deletion-requests', { token: session.token, body })).status).toBe(202)
    await until(async () => (await rows()).length === 0, 'nothing of it is left')
  })

  it('finds its place in a ledger of before there were any', async () => {
    const { id } = await relay.open(session.token)
    await relay.desk.answer(await atDesk(), 'We found it')
    const isAnswered = async () => (await read(id)).status === 'answered'
    await until(isAnswered, 'the answer is there')
    await relay.relay.close()
    for (const statement of before) await sql.raw(statement).execute(database.db)
    await migrations(engine)['0004 lines in the conversation']?.up(database.db)
    relay = await relay.restart()
    const { body } = await relay.call<{ items: Ticket[] }>('GET /v1/tickets', { token: session.token })
    expect(body.items).toMatchObject([{ unread: 1, lastMessage: { author: 'agent', text: 'We found it' } }])
    await act(id, 'close')
    expect((await read(id)).messages.map(({ event }) => event)).toEqual([undefined, undefined, 'closed'])
  })

  it('is forgotten with the text, and does not come back with it', async () => {
    const { id } = await relay.open(session.token)
    await act(id, 'close')
    const desk = await atDesk()
    await until(async () => (await relay.desk.read(desk)).ticket.status === 'closed', 'the desk has it closed')
    ahead = 31 * dayMs
    relay = await relay.restart()
    await until(async () => (await rows()).length === 0, 'nothing of it is left')
    const { recoveryKey } = session
    const recovering = { game: 'star-harbor', kind: 'recover', recoveryKey }
    session = (await relay.call<Session>('POST /v1/sessions', { body: recovering })).body
    const ticket = await until(async () => {
      const now = await read(id)
      return now.messages.length > 0 && now
    }, 'the desk has told its text again')
    expect(ticket).toMatchObject({ status: 'closed', messages: [{ author: 'player', text: 'My sword is gone' }] })
  })
})

it('On PostgreSQL, a reply that a closing overtakes is refused, rather than opening the ticket unsaid', async () => {
  const store = await freshDatabase()
  const relay = await startRelay({ config: { store } })
  const database = await openDatabase(store)
  const { token } = await relay.signIn()
  const { id } = await relay.open(token)

  let replying: ReturnType<TestRelay['call']> | undefined
  await createStore(database).transaction(async (ledger) => {
    const ticket = await ledger.tickets.lock(id)
    if (ticket) await changeStatus(ledger, ticket, { status: 'closed' }, 'studio', new Date())
    replying = relay.call(`POST /v1/tickets/${id}/messages`, { token, key: 'late', body: { message: 'Hello?' } })
    await until(async () => {
      const waiting = await sql`select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like '%read_position%'`.execute(database.db)
      return waiting.rows.length > 0
    }, 'the reply waits for the ticket')
  })
  expect(await replying).toMatchObject({ status: 409, body: { code: 'ticket_closed' } })
  const { body } = await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })
  expect(body.messages.map(({ author }) => author)).toEqual(['player', 'system'])
  await database.close()
  await relay.close()
})
