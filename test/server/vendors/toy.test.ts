/** A vendor that nobody but its own file knows: what the interface tells whoever adds one is enough. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { loft, pigeonPost } from '../../fixtures/toy-vendor.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string
let ahead = 0

beforeAll(async () => {
  relay = await startRelay({
    clock: { now: () => new Date(Date.now() + ahead) },
    vendorOf: () => pigeonPost,
  })
  token = (await relay.signIn()).token
})

afterAll(() => relay.close())

const read = async (id: string, as = token) => relay.call<Conversation>(`GET /v1/tickets/${id}`, { token: as })

it('goes through the whole relay', async () => {
  const { id } = await relay.open(token, { message: 'Coo?', language: 'de' })
  await relay.call(`POST /v1/tickets/${id}/messages`, { token, key: 'k1', body: { message: 'Still there?' } })
  const [pigeon] = await until(() => loft[0]?.lines.length === 2 && loft, 'both messages have arrived')
  expect(pigeon?.lines.map(({ text }) => text)).toEqual(['[de] Coo?', 'Still there?'])

  pigeon?.lines.push({ from: 'agent', text: 'Coo.', at: new Date() })
  const isDelivered = async () => (await read(id)).body.messages.every(({ delivery }) => delivery === 'delivered')
  await until(isDelivered, 'the relay knows')
  ahead += 11_000
  expect((await read(id)).body).toMatchObject({
    status: 'answered',
    unread: 1,
    messages: [{ text: 'Coo?' }, { text: 'Still there?' }, { author: 'agent', text: 'Coo.' }],
  })
  const stranger = (await relay.signIn()).token
  expect((await read(id, stranger)).status).toBe(404)

  expect((await relay.call(`POST /v1/tickets/${id}/close`, { token })).status).toBe(200)
  await until(() => loft[0]?.isClosed, 'it is closed there')
  expect(await relay.call(`POST /v1/tickets/${id}/reopen`, { token })).toMatchObject({ body: { code: 'unsupported' } })
  expect((await relay.call('GET /v1/games/star-harbor')).body).toMatchObject({ can: { ...pigeonPost.can } })
})

it('imports nothing but the interface, and is the one that whoever adds a vendor is led to', () => {
  const source = readFileSync(new URL('../../fixtures/toy-vendor.ts', import.meta.url), 'utf8')
  const page = readFileSync(new URL('../../../CONTRIBUTING.md', import.meta.url), 'utf8')
  expect(page).toContain('](test/fixtures/toy-vendor.ts)')
  expect([...source.matchAll(/from '(.+)'/g)].map(([, from]) => from)).toEqual(['../../server/vendors/vendor.ts'])
})
