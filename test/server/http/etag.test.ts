/** Whoever has the newest of their tickets already is told just that; and nobody is told so of what has changed. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { freshDatabase, stopPostgres } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

afterAll(stopPostgres)

describe.each(['sqlite', 'postgres'] as const)('On %s, a request that names what its client has', (engine) => {
  let relay: TestRelay
  let token: string

  beforeEach(async () => {
    relay = await startRelay(engine === 'postgres' ? { config: { store: await freshDatabase() } } : {})
    token = (await relay.signIn()).token
  })

  afterEach(() => relay.close())

  const get = (path: string, etag?: string | null, bearer = token) =>
    relay.call(`GET /v1/tickets${path}`, { token: bearer, ...(etag && { headers: { 'if-none-match': etag } }) })
  const tagOf = async (path: string) => (await get(path)).headers.get('etag')
  const read = async (id: string) => (await get(`/${id}`)).body as Conversation
  const act = (id: string, what: string, body?: object) =>
    relay.call(`POST /v1/tickets/${id}/${what}`, { token, key: crypto.randomUUID(), body })

  async function delivered(message: string): Promise<string> {
    const { id } = await relay.open(token, { message })
    await until(async () => (await read(id)).messages[0]?.delivery === 'delivered', 'it has arrived')
    return id
  }

  const atDesk = async (number: string) =>
    (await until(async () => (await relay.desk.list()).find((ticket) => ticket.number === number), 'it is there')).id

  it('meets 304 without a word of it, as long as nothing has happened', async () => {
    const id = await delivered('My sword is gone')
    for (const path of ['', '?limit=1', `/${id}`, `/${id}?before=5`]) {
      const whole = await get(path)
      const again = await get(path, whole.headers.get('etag'))
      expect([path, again.status, again.body]).toEqual([path, 304, ''])
      expect(again.headers.get('etag')).toBe(whole.headers.get('etag'))
      expect(again.headers.get('cache-control')).toBe('no-store')
      expect((await get(path, '"another"')).body).toEqual(whole.body)
    }
  })

  it('meets the whole of it after whatever is shown otherwise now', async () => {
    const id = await delivered('My sword is gone')
    const desk = await atDesk((await read(id)).number)
    const shown = async () => JSON.stringify([(await get('')).body, (await get(`/${id}`)).body])
    const changes: Record<string, () => Promise<unknown>> = {
      'a reply': () => act(id, 'messages', { message: 'And my shield' }),
      'its arrival': () => until(async () => (await read(id)).messages[1]?.delivery === 'delivered', 'it has arrived'),
      'an answer': async () => {
        await relay.desk.answer(desk, 'We look into it')
        await until(async () => (await read(id)).messages.length === 3, 'the answer is here')
      },
      'having read it': () => act(id, 'read'),
      'closing it': () => act(id, 'close'),
      'a rating': () => act(id, 'rating', { score: 4 }),
    }
    for (const [what, change] of Object.entries(changes)) {
      const [list, ticket, before] = [await tagOf(''), await tagOf(`/${id}`), await shown()]
      await change()
      if ((await shown()) === before) continue
      expect([what, (await get('', list)).status, (await get(`/${id}`, ticket)).status]).toEqual([what, 200, 200])
    }
    const list = await tagOf('')
    await relay.open(token, { message: 'One more' })
    expect((await get('', list)).status).toBe(200)
  })

  it('is no way to learn of somebody else’s ticket', async () => {
    const id = await delivered('Mine alone')
    const other = (await relay.signIn()).token
    for (const etag of [await tagOf(`/${id}`), '*']) expect((await get(`/${id}`, etag, other)).status).toBe(404)
    expect((await get('', await tagOf(''), other)).status).toBe(200)
  })
})
