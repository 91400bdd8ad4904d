/** Limits as a player, a school and a flood meet them, on one relay and on three. */

import { afterEach, describe, expect, it } from 'vitest'
import { defaultPoints, limitKinds } from '../../../server/config/limits.ts'
import type { Session } from '../../../server/contract/player.ts'
import { type RouteName, routes } from '../../../server/contract/routes.ts'
import { limitOf } from '../../../server/http/route-limits.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { type Answer, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

const open = { message: 'My sword is gone', language: 'en' }
const roomy = { player: 1_000_000, device: 1_000_000, address: 1_000_000 }
const all = (points: object) => Object.fromEntries(limitKinds.map((kind) => [kind, { ...roomy, ...points }]))

const running: { close: () => Promise<void> }[] = []

async function started<T extends { close: () => Promise<void> }>(starting: Promise<T>): Promise<T> {
  const relay = await starting
  running.push(relay)
  return relay
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((relay) => relay.close()))
})

function expectRefused({ status, body, headers }: Answer): void {
  const problem = body as { code: string; retryAfterSeconds: number }
  expect({ status, code: problem.code }).toEqual({ status: 429, code: 'rate_limited' })
  expect(headers.get('retry-after')).toBe(String(problem.retryAfterSeconds))
  expect(problem.retryAfterSeconds).toBeGreaterThan(0)
}

describe('Every route', () => {
  const names = (Object.keys(routes) as RouteName[]).filter((name) => name in limitOf)
  const id = 'AAAAAAAAAAAAAAAAAAAAAA'

  it('of a player has a limit of its kind, for verified and for anonymous players', async () => {
    const fixture = await started(startTwoGames({ config: { limits: all({ player: 1, device: 1 }) } }))
    for (const [n, name] of names.filter((route) => route !== 'GET /games/:game').entries()) {
      const route = name.replace(' ', ' /v1').replace('/events', '/events?poll=1').replaceAll(/:\w+/g, id)
      const verified = fixture.verified({ sub: `player-${n}` })
      // After it, an anonymous player's token is good for nothing more.
      const tokens = name === 'DELETE /session' ? [verified] : [(await fixture.signIn()).token, verified]
      for (const token of tokens) {
        expect((await fixture.call(route, { token, key: 'a' })).status, route).not.toBe(429)
        expectRefused(await fixture.call(route, { token, key: 'b' }))
      }
    }
  })

  it('stands behind the fence around an address, even before anybody has signed in', async () => {
    const fixture = await started(startTwoGames({ config: { limits: { read: { address: 7 } } } }))
    const paths = ['/v1/games/star-harbor', '/healthz', '/openapi.json', '/', '/nothing', '/v1/tickets', '/files/x']
    for (const path of paths) expect((await fixture.call(`GET ${path}`)).status, path).not.toBe(429)
    for (const path of paths) expectRefused(await fixture.call(`GET ${path}`))
    expectRefused(await fixture.call('POST /hooks/star-harbor/guess', { body: {} }))
  })
})

describe('With the limits as they come', () => {
  const asIsPlayers = { limits: {} }

  it('500 players of one school sign in, look, open a ticket and reply, and all are served', async () => {
    const relay = await started(startRelay({ config: asIsPlayers }))
    const headers = { 'user-agent': 'the same machine, five hundred times' }
    async function visit(n: number): Promise<number[]> {
      const body = { game: 'star-harbor', kind: 'anonymous' }
      const session = await relay.call<Session>('POST /v1/sessions', { body, headers })
      const { token } = session.body
      const ticket = await relay.call<{ id: string }>('POST /v1/tickets', {
        token,
        key: `open-${n}`,
        body: open,
        headers,
      })
      const reply = await relay.call(`POST /v1/tickets/${ticket.body.id}/messages`, {
        token,
        key: `reply-${n}`,
        body: { message: 'And my shield' },
        headers,
      })
      const list = await relay.call('GET /v1/tickets', { token, headers })
      return [session.status, ticket.status, reply.status, list.status]
    }
    const seen = new Map<string, number>()
    const queue = Array.from({ length: 500 }, (_, n) => n)
    async function visitor(): Promise<void> {
      for (let n = queue.pop(); n !== undefined; n = queue.pop()) {
        const said = (await visit(n)).join(' ')
        seen.set(said, (seen.get(said) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: 20 }, visitor))
    expect([...seen]).toEqual([['201 201 201 200', 500]])
  })

  it('one who floods is refused, their neighbour is not', async () => {
    const relay = await started(startRelay({ config: asIsPlayers }))
    const [noisy, quiet] = [await relay.signIn(), await relay.signIn()]
    const answers = []
    for (let n = 0; n < 15; n += 1)
      answers.push(await relay.call('POST /v1/tickets', { token: noisy.token, key: `key-${n}`, body: open }))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(defaultPoints.open.device)
    const [last] = answers.slice(-1)
    if (last) expectRefused(last)
    expect((await relay.call('GET /v1/tickets', { token: noisy.token })).status).toBe(200)
    await relay.open(quiet.token)
  })

  it('a mailbox is written to five times an hour, and nobody is told so', async () => {
    const fixture: RelayFixture = await started(startTwoGames({ config: asIsPlayers }))
    const ask = (email: string) =>
      fixture.call('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'email', email } })
    const answers = []
    for (let n = 0; n < 7; n += 1) answers.push(await ask(n % 2 ? 'Ada@players.example' : 'ada@players.example'))
    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(202))
    expect((await ask('grace@players.example')).status).toBe(202)
    await until(() => fixture.mails.some(({ to }) => to.includes('grace@players.example')), 'the last mail has come')
    expect(fixture.mails).toHaveLength(6)
  })
})

describe('The address a limit is for', () => {
  const limits = { session: { address: 1 } }
  const signIn = async (relay: TestRelay, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const body = { game: 'star-harbor', kind: 'anonymous' }
    return (await relay.call('POST /v1/sessions', { body, headers })).status
  }

  it('is the connection’s own, whatever anybody writes into a header', async () => {
    const relay = await started(startRelay({ config: { limits } }))
    expect(await signIn(relay, '203.0.113.1')).toBe(201)
    expect(await signIn(relay, '203.0.113.2')).toBe(429)
  })

  it('is the one a trusted proxy heard from, and nothing that stands before it', async () => {
    const relay = await started(startRelay({ config: { limits, trustedProxies: ['127.0.0.0/8'] } }))
    expect(await signIn(relay, '203.0.113.1')).toBe(201)
    expect(await signIn(relay, '198.51.100.99, 203.0.113.1')).toBe(429)
    expect(await signIn(relay, '203.0.113.1, 203.0.113.2')).toBe(201)
    expect(await signIn(relay, '203.0.113.2')).toBe(429)
  })
})

describe('Three relays on one PostgreSQL', () => {
  it('count a player together', async () => {
    const store = await freshDatabase()
    const first = await started(startRelay({ config: { store, limits: {} } }))
    const others = [
      await started(startRelay({ config: { store, limits: {} } })),
      await started(startRelay({ config: { store, limits: {} } })),
    ]
    const relays = [first, ...others]
    const { token } = await first.signIn()
    const asked = Array.from({ length: 30 }, (_, n) =>
      relays[n % 3]?.call('POST /v1/tickets', { token, key: `key-${n}`, body: open }),
    )
    const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined)
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(defaultPoints.open.device)
    expect(refused).toHaveLength(30 - defaultPoints.open.device)
    for (const answer of refused) expectRefused(answer)
    const { body } = await first.call<{ items: unknown[] }>('GET /v1/tickets?limit=100', { token })
    expect(body.items).toHaveLength(defaultPoints.open.device)
  })

  it('hold one fence around an address', async () => {
    const store = await freshDatabase()
    const config = { store, limits: { session: { address: 60 } } }
    const relays: TestRelay[] = []
    for (let n = 0; n < 3; n += 1) relays.push(await started(startRelay({ config })))
    const statuses: number[] = []
    for (let n = 0; n < 90; n += 1) {
      const body = { game: 'star-harbor', kind: 'anonymous' }
      statuses.push((await relays[n % 3]?.call('POST /v1/sessions', { body }))?.status ?? 0)
    }
    expect(statuses.filter((status) => status === 201)).toHaveLength(60)
    expect(statuses.filter((status) => status === 429)).toHaveLength(30)
  })
})
