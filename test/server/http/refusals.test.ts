/** Bad input gets the contract's problem with its code, and nothing is written. */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string
let stranger: string

beforeAll(async () => {
  relay = await startRelay()
  token = (await relay.signIn()).token
  stranger = (await relay.signIn()).token
})

afterAll(() => relay.close())

const newTicket = { message: 'Hello', language: 'en' }
const post = (body: unknown, options = {}) =>
  relay.call('POST /v1/tickets', { token, key: crypto.randomUUID(), body, ...options })
const ticketCount = async () =>
  (await relay.call<{ items: unknown[] }>('GET /v1/tickets?limit=100', { token })).body.items.length

describe('Opening a ticket', () => {
  const wrong: [string, unknown, number, string, string[]][] = [
    ['an empty message', { ...newTicket, message: '  ' }, 422, 'invalid', ['message']],
    ['a message over 10,000 characters', { ...newTicket, message: 'x'.repeat(10_001) }, 422, 'invalid', ['message']],
    ['no language', { message: 'Hello' }, 422, 'invalid', ['language']],
    ['a language that is no tag', { ...newTicket, language: '??' }, 422, 'invalid', ['language']],
    ['an unknown category', { ...newTicket, category: 'nonsense' }, 422, 'invalid', ['category']],
    ['an unknown field', { ...newTicket, category: 'bug', fields: { level: '3' } }, 422, 'invalid', ['fields.level']],
    ['a missing required field', { ...newTicket, category: 'billing' }, 422, 'invalid', ['fields.order']],
    ['a key nobody knows', { ...newTicket, tier: 3 }, 422, 'invalid', ['tier']],
    ['metadata that is not flat', { ...newTicket, metadata: { a: { b: 'c' } } }, 422, 'invalid', ['metadata.a']],
    [
      'a metadata value over 1,024 characters',
      { ...newTicket, metadata: { a: 'x'.repeat(1_025) } },
      422,
      'invalid',
      ['metadata.a'],
    ],
    [
      '33 metadata values',
      { ...newTicket, metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, ''])) },
      422,
      'invalid',
      ['metadata'],
    ],
    [
      'a file that does not exist',
      { ...newTicket, attachments: ['AAAAAAAAAAAAAAAAAAAAAA'] },
      422,
      'invalid',
      ['attachments.0'],
    ],
    ['a file id of the wrong form', { ...newTicket, attachments: ['../etc'] }, 422, 'invalid', ['attachments.0']],
    ['a body over 64 KiB', { ...newTicket, subject: 'x'.repeat(70_000) }, 413, 'too_large', []],
    ['an array', [], 422, 'invalid', ['']],
  ]

  it.each(wrong)('refuses %s', async (_name, body, status, code, paths) => {
    const before = await ticketCount()
    const answer = await post(body)
    expect(answer).toMatchObject({ status, body: { code, status } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const { errors = [] } = answer.body as { errors?: { path: string }[] }
    expect(errors.map(({ path }) => path)).toEqual(paths)
    expect(await ticketCount()).toBe(before)
  })

  it('refuses what is not JSON', async () => {
    expect(await post(undefined, { raw: '{"message":' })).toMatchObject({ status: 400, body: { code: 'invalid_json' } })
  })

  it('refuses a body of 70 KB that does not say how long it is', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 70; n++) controller.enqueue(new Uint8Array(1_000).fill(32))
        controller.close()
      },
    })
    const init = {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'long' },
    }
    const response = await fetch(`${relay.url}/v1/tickets`, init as RequestInit)
    expect(response.status).toBe(413)
  })

  it.each([undefined, '', ' ', 'x'.repeat(256), 'two words'])('refuses the Idempotency-Key %j', async (key) => {
    const before = await ticketCount()
    const headers = key === undefined ? {} : { 'idempotency-key': key }
    const answer = await relay.call('POST /v1/tickets', { token, body: newTicket, headers })
    expect(answer).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } })
    expect(await ticketCount()).toBe(before)
  })

  it('keeps text that no store could hold out of the store, and the rest of it in', async () => {
    const ticket = await relay.open(token, { message: 'a\0b \ud800 c' })
    expect(ticket.messages[0]?.text).toBe('ab \ufffd c')
  })
})

describe('One Idempotency-Key', () => {
  it('makes one ticket, and gives the first answer again', async () => {
    const before = await ticketCount()
    const first = await post(newTicket, { key: 'one' })
    const again = await post({ language: 'en', message: 'Hello' }, { key: '"one"' })
    expect(again).toMatchObject({ status: 201, body: first.body as object })
    expect(await ticketCount()).toBe(before + 1)
  })

  it('is refused with another body', async () => {
    await post(newTicket, { key: 'two' })
    expect(await post({ ...newTicket, message: 'Other' }, { key: 'two' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  it('makes one ticket out of twenty at once; those that come too early are told so', async () => {
    const before = await ticketCount()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(newTicket, { key: 'storm' })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set(answers.some(({ status }) => status === 409) ? [201, 409] : [201]),
    )
    expect(await ticketCount()).toBe(before + 1)
  })

  it('of another player is another key', async () => {
    const [mine, theirs] = await Promise.all([
      post(newTicket, { key: 'shared' }),
      post(newTicket, { key: 'shared', token: stranger }),
    ])
    expect((mine.body as { id: string }).id).not.toBe((theirs.body as { id: string }).id)
  })
})

it('answers 404 for a game that is not there', async () => {
  expect(await relay.call('GET /v1/games/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect(await relay.call('POST /v1/sessions', { body: { game: 'nowhere', kind: 'anonymous' } })).toMatchObject({
    status: 404,
  })
})

it('documents for every call that it may be put off', async () => {
  type Operations = Record<string, { responses: Record<string, { description: string }> }>
  const { body } = await relay.call<{ paths: Record<string, Operations> }>('GET /openapi.json')
  const told = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => [method, path, responses[503]?.description]),
  )
  expect(told.length).toBeGreaterThan(20)
  for (const [method, path, description] of told)
    expect([method, path, description]).toEqual([method, path, expect.stringContaining('`overloaded`')])
})

describe('The edge', () => {
  it('lets the game’s own origin call, by exact match', async () => {
    const origin = 'https://play.star-harbor.example'
    const answer = await relay.call('GET /v1/tickets', { token, headers: { origin } })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    // By the first, the widget says how far the device's clock is off.
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/\bdate\b.*\bretry-after\b/)
    expect(Date.parse(answer.headers.get('date') ?? '')).not.toBeNaN()
    const near = await relay.call('GET /v1/tickets', { token, headers: { origin: `${origin}.evil.example` } })
    expect(near.status).toBe(403)
  })

  it('keeps working after a client that hangs up in the middle of a body', async () => {
    const { hostname, port } = new URL(relay.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nidempotency-key: cut\r\ncontent-length: 500\r\n\r\n{"mess`,
    )
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    await until(async () => (await relay.call('GET /healthz')).status === 200, 'the relay answers')
  })
})

// Kept so that a port taken by somebody else is told from a relay that does not start.
it('says so when its port is taken', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(startRelay({ config: { listen: { port } } })).rejects.toThrow(/EADDRINUSE/)
  taken.close()
})
