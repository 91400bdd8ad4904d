/** The agents' pages, as a browser's forms speak to them. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string
let ticket: Conversation
let deskId: string

beforeAll(async () => {
  relay = await startRelay()
  token = (await relay.signIn()).token
  ticket = await relay.open(token)
  deskId = (await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')).id
})

afterAll(() => relay.close())

const answers = async () => {
  const { body } = await relay.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token })
  return body.messages.filter(({ author }) => author === 'agent').map(({ text }) => text)
}

it('sends the longest answer that its form lets an agent write, with all its lines', async () => {
  const lines = Array.from({ length: 500 }, () => 'A line of nineteen.')
  // A form sends a line break as two characters, and its browser counts it as one.
  expect(await relay.desk.answer(deskId, lines.join('\r\n'))).toBe(303)
  const [answer] = await until(async () => (await answers()).length > 0 && answers(), 'the answer arrives')
  expect(answer).toBe(lines.join('\n'))
})

it('says so when an answer is too long, instead of cutting it', async () => {
  expect(await relay.desk.answer(deskId, 'x'.repeat(10_001))).toBe(422)
  expect((await relay.desk.read(deskId)).messages.filter(({ author }) => author === 'agent')).toHaveLength(1)
})

it('lets nobody sign in from a page without an origin', async () => {
  const signIn = (origin: string) =>
    fetch(`${relay.url}/desk/sign-in`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: deskToken }),
      redirect: 'manual',
    })
  expect((await signIn('null')).status).toBe(401)
  expect((await signIn(relay.url)).status).toBe(303)
})
