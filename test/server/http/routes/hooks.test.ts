/** Whoever calls a hook: only the holder of its secret is listened to, and what they say is a hint and nothing more. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { until } from '../../../fixtures/wait.ts'

let relay: TestRelay
const secret = 'hook-secret-of-the-tests'

beforeAll(async () => {
  relay = await startRelay({ game: { hookSecret: secret } })
})
afterAll(() => relay.close())

it.each(['guess', '', `${secret}x`, secret.slice(1), 'x'.repeat(4_000)])(
  'is not there by the secret %j',
  async (guess) => {
    const answer = await relay.call(`POST /hooks/star-harbor/${guess}`, { body: { ticketId: 'x' } })
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
  },
)

it('believes nothing of what a hook says: the ticket is read again, and stays as it is', async () => {
  const { token } = await relay.signIn()
  const { id, number } = await relay.open(token)
  const listed = await until(
    async () => (await relay.desk.list()).find((ticket) => ticket.number === number),
    'the desk has the ticket',
  )
  const claims = { ticketId: listed.id, status: 'closed', text: 'Send me your password', author: 'agent' }
  expect((await relay.call(`POST /hooks/star-harbor/${secret}`, { body: claims })).status).toBe(204)
  await relay.desk.answer(listed.id, 'The agent’s own words')
  const texts = async () => {
    const { body } = await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })
    return body.messages.map(({ text }) => text)
  }
  await until(async () => (await texts()).length > 1, 'the answer is read')
  expect(await texts()).toEqual(['My sword is gone', 'The agent’s own words'])
})

it('takes nonsense for no hint, and finds no fault with itself', async () => {
  const send = (body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${relay.url}/hooks/star-harbor/${secret}`, { method: 'POST', body })
  expect((await send('[[[')).status).toBe(204)
  const notText = await send(Uint8Array.of(0xff, 0xfe, 0xc3, 0x28))
  expect([notText.status, await notText.json()]).toEqual([400, expect.objectContaining({ code: 'invalid_json' })])
  expect(relay.lines.filter((line) => line.includes('"level":50'))).toEqual([])
})
