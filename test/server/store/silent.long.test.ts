/** A PostgreSQL that says nothing: connections that swallow what they are sent, and a transaction that never ends. */
import pg from 'pg'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { createCable } from '../../fixtures/cut-connection.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay | undefined

afterEach(async () => {
  await relay?.close()
  relay = undefined
})

const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status)

describe('Connections that have gone silent', () => {
  it('are replaced, for readers, writers and the delivery worker', async () => {
    const cable = await createCable(await freshDatabase())
    onTestFinished(() => void cable.close())
    relay = await startRelay({ config: { store: cable.url } })
    const { call, desk, open } = relay
    const { token } = await relay.signIn()
    const { id } = await open(token)
    const look = () => call<Conversation>(`GET /v1/tickets/${id}`, { token })
    await until(async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, look))
      expect(new Set(statuses(answers))).toEqual(new Set([200]))
      return cable.standing() >= 10
    }, 'ten connections stand')

    cable.silence()
    await until(async () => (await look()).status === 200, 'tickets can be read again')
    const second = await open(token)
    await until(
      async () => (await desk.list()).some(({ number }) => number === second.number),
      'the desk has the new one',
    )
  })
})

describe('A transaction that holds a ticket and never ends', () => {
  it('is noticed by nobody who writes elsewhere, and what waits for it is refused for now', async () => {
    const store = await freshDatabase()
    relay = await startRelay({ config: { store } })
    const { call, open } = relay
    const [ada, bob] = [(await relay.signIn()).token, (await relay.signIn()).token]
    const [held, other] = [await open(ada), await open(bob)]
    const frozen = new pg.Client(store)
    await frozen.connect()
    onTestFinished(() => frozen.end())
    await frozen.query('begin')
    await frozen.query('update tickets set must_read = must_read where id = $1', [held.id])

    const reply = (key: number) =>
      call(`POST /v1/tickets/${held.id}/messages`, { token: ada, key: `reply-${key}`, body: { message: 'Hello?' } })
    const keys = Array.from({ length: 30 }, (_, index) => index)
    const waiting = Promise.all(keys.map(reply))
    const elsewhere = await Promise.all([
      call(`GET /v1/tickets/${other.id}`, { token: bob }),
      call('GET /v1/tickets', { token: ada }),
      call(`POST /v1/tickets/${other.id}/messages`, { token: bob, key: 'elsewhere', body: { message: 'Hi' } }),
      call('POST /v1/tickets', { token: ada, key: 'new', body: { message: 'Another', language: 'en' } }),
      call('GET /readyz'),
    ])
    expect(statuses(elsewhere)).toEqual([200, 200, 201, 201, 200])
    for (const answer of await waiting) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
      expect(answer.headers.get('retry-after')).not.toBeNull()
    }

    await frozen.query('rollback')
    // Thirty at once wait for one another: who waits too long is told to ask again.
    const isTaken = async (key: number) => {
      const { status } = await reply(key)
      expect([201, 503]).toContain(status)
      return status === 201
    }
    await Promise.all(keys.map((key) => until(() => isTaken(key), `reply ${key} is taken`)))
  })
})
