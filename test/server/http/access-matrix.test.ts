/** Every route against every bearer that must not get in: the exact status and code, and nothing changes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../../server/contract/player.ts'
import { type RouteSpec, routes } from '../../../server/contract/routes.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { createSessionTokens } from '../../../server/players/session.ts'
import { snapshot } from '../../fixtures/ledger-contents.ts'
import { relaySecret } from '../../fixtures/relay.ts'
import { base64url, createStudio, signWithHmac } from '../../fixtures/studio.ts'
import { type RelayFixture, startTwoGames } from '../../fixtures/two-games.ts'
import { until } from '../../fixtures/wait.ts'

interface Call {
  /** As the contract names it, or tus's own two. */
  name: string
  route: string
  body?: unknown
  headers?: Record<string, string>
}

const issuer = 'https://studio.example'
let fixture: RelayFixture
let ada: string
let ticket: Conversation
let calls: Call[]

beforeAll(async () => {
  const studio = createStudio()
  fixture = await startTwoGames({ players: { jwt: { ...studio.config, issuer } } })
  // The studio of `star-harbor` also names an issuer, so that a wrong one can be told.
  const sign: RelayFixture['verified'] = (claims, header) => {
    const now = Math.floor(fixture.clock.now().getTime() / 1_000)
    return studio.sign({ iss: issuer, iat: now, exp: now + 3_600, ...claims }, header)
  }
  fixture = { ...fixture, studio, verified: sign }
  ada = sign({ sub: 'ada' })
  ticket = await fixture.open(ada)
  await until(async () => {
    const { body } = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
    return body.messages[0]?.delivery === 'delivered'
  }, 'it has arrived')
  calls = await callsOn(ticket)
})

afterAll(() => fixture.close())

/** Each would do something if it were let in. */
async function callsOn({ id, messages }: Conversation): Promise<Call[]> {
  const announced = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
  const file = await fixture.call<{ id: string }>('POST /v1/attachments', { token: ada, body: announced })
  const asked = await fixture.call<{ id: string }>('POST /v1/deletion-requests', {
    token: ada,
    body: { confirm: true },
  })
  const { token: anonymousToken } = await fixture.signIn()
  const ids: Record<string, string> = {
    ticketId: id,
    messageId: messages[0]?.id ?? '',
    attachmentId: file.body.id,
    requestId: asked.body.id,
  }
  const bodies: Record<string, unknown> = {
    'POST /sessions/merge': { anonymousToken },
    'POST /tickets': { message: 'Hello', language: 'en' },
    'POST /tickets/:ticketId/messages': { message: 'Hello' },
    'POST /tickets/:ticketId/rating': { score: 1 },
    'POST /attachments': announced,
    'POST /deletion-requests': { confirm: true },
  }
  const named = Object.entries<RouteSpec>(routes).filter(([, { access }]) => access === 'player')
  const tus = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
  return [
    ...named.map(([name]) => ({
      name,
      route: name.replace(' ', ' /v1').replaceAll(/:(\w+)/g, (_, part) => ids[part] ?? ''),
      body: bodies[name],
    })),
    { name: 'HEAD /uploads', route: `HEAD /v1/uploads/${file.body.id}`, headers: tus },
    { name: 'PATCH /uploads', route: `PATCH /v1/uploads/${file.body.id}`, headers: tus, body: '0123456789' },
  ]
}

async function tryAll(token: string | undefined, chosen = calls): Promise<Record<string, string>> {
  const said: Record<string, string> = {}
  for (const { name, route, body, headers } of chosen) {
    const answer = await fixture.call<{ code?: string }>(route, {
      token,
      key: `key of ${name}`.replaceAll(' ', '-'),
      ...(body === undefined ? {} : { body }),
      ...(headers ? { headers } : {}),
    })
    const code = route.startsWith('HEAD') ? codeInHeader(answer.headers) : answer.body.code
    said[name] = `${answer.status} ${code}`
  }
  return said
}

/** A HEAD has no body to say it in. */
function codeInHeader(headers: Headers): string | undefined {
  return /error="(\w+)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
}

const everywhere = (answer: string) => Object.fromEntries(calls.map(({ name }) => [name, answer]))
const seconds = () => Math.floor(fixture.clock.now().getTime() / 1_000)
const sessionOf = (secret: Uint8Array, ageMs: number) =>
  createSessionTokens([secret], { clock: { now: () => new Date(fixture.clock.now().getTime() - ageMs) } })
    .issue({ game: 'star-harbor', subject: `anon:${crypto.randomUUID()}`, kind: 'anonymous', lifetimeSeconds: 3_600 })
    .then(({ token }) => token)

describe('Every route refuses', () => {
  const bearers: [string, string, () => string | undefined | Promise<string>][] = [
    ['nobody', 'token_missing', () => undefined],
    ['one word', 'token_malformed', () => 'nonsense'],
    ['three words', 'token_malformed', () => 'a.b.c'],
    ['a token over 8 KiB', 'token_malformed', () => fixture.verified({ note: 'x'.repeat(9_000) })],
    ['a token of another type', 'token_malformed', () => fixture.verified({}, { typ: 'at+jwt' })],
    ['a token with unknown critical headers', 'token_malformed', () => fixture.verified({}, { crit: ['x'], x: 1 })],
    [
      'a token that says two things of its subject',
      'token_malformed',
      () =>
        fixture.studio.signText(
          '{"alg":"ES256"}',
          `{"sub":"ada","sub":"bob","aud":"star-harbor","iss":"${issuer}","iat":${seconds()},"exp":${seconds() + 60}}`,
        ),
    ],
    ['an unsigned token', 'token_bad_signature', () => unsigned()],
    [
      'a token signed with the public key as a shared secret',
      'token_bad_signature',
      () => signWithHmac(fixture.studio.publicPem, { alg: 'HS256', typ: 'JWT' }, claims()),
    ],
    ['a token signed by another studio', 'token_bad_signature', () => fixture.otherStudio.sign(claims())],
    [
      'a token that brings its own key',
      'token_bad_signature',
      () =>
        fixture.otherStudio.sign(claims(), { jwk: fixture.otherStudio.publicJwk(), jku: 'https://evil.example/jwks' }),
    ],
    ['a token whose words were changed', 'token_bad_signature', () => tampered(fixture.verified({ sub: 'bob' }))],
    [
      'a token that has expired',
      'token_expired',
      () => fixture.verified({ iat: seconds() - 7_200, exp: seconds() - 61 }),
    ],
    [
      'a token of tomorrow',
      'token_not_yet_valid',
      () => fixture.verified({ iat: seconds() + 61, exp: seconds() + 600 }),
    ],
    ['a token for a game that is not here', 'token_wrong_audience', () => fixture.verified({ aud: 'nowhere' })],
    ['a token of another issuer', 'token_wrong_issuer', () => fixture.verified({ iss: 'https://evil.example' })],
    ['a token for no game', 'token_missing_claim', () => fixture.verified({ aud: undefined })],
    ['a token without a player', 'token_missing_claim', () => fixture.verified({ sub: undefined })],
    ['a studio’s token in the relay’s own words', 'token_missing_claim', () => fixture.verified({ sub: 'anon:ada' })],
    ['a token for ever', 'token_too_long_lived', () => fixture.verified({ exp: seconds() + 86_401 })],
    ['a session that has run out', 'token_expired', () => sessionOf(relaySecret, 3_600_000)],
    ['a session of another relay', 'token_bad_signature', () => sessionOf(Buffer.alloc(32, 'x'), 0)],
    ['a session whose words were changed', 'token_bad_signature', async () => tampered((await fixture.signIn()).token)],
    ['a session that was signed out', 'session_ended', () => signedOut()],
    ['a session that was merged', 'session_ended', () => merged()],
    ['an e-mail session that was signed out', 'session_ended', () => signedOutMail()],
  ]

  it.each(bearers)('%s: 401 %s, and nothing changes', async (_, code, make) => {
    const token = await make()
    const before = snapshot(fixture.folder)
    expect(await tryAll(token)).toEqual(everywhere(`401 ${code}`))
    expect(snapshot(fixture.folder)).toEqual(before)
  })

  const schemes = (token: string) => [`Basic ${token}`, token, `Bearer ${token} ${token}`, 'Bearer', `Token ${token}`]

  it('a good token in the wrong place', async () => {
    for (const authorization of schemes(ada))
      expect(await fixture.call('GET /v1/tickets', { headers: { authorization } })).toMatchObject({
        status: 401,
        body: { code: 'token_missing' },
      })
    for (const path of [`?token=${ada}`, `?access_token=${ada}`])
      expect((await fixture.call(`GET /v1/tickets${path}`)).status).toBe(401)
    expect((await fixture.call('GET /v1/tickets', { headers: { cookie: `token=${ada}` } })).status).toBe(401)
  })

  it.each(['https://evil.example', 'null', 'https://moon-base.example'])(
    'a good token from a page of %s, which may read that it is refused',
    async (origin) => {
      for (const { name, route, body } of calls) {
        const sent = body === undefined ? {} : { body }
        const answer = await fixture.call(route, { token: ada, key: 'k', headers: { origin }, ...sent })
        expect(answer.status, name).toBe(403)
        if (!name.startsWith('HEAD')) expect(answer.body, name).toMatchObject({ code: 'origin_not_allowed' })
        expect(answer.headers.get('access-control-allow-origin'), name).toBe(origin)
        expect(answer.headers.get('access-control-allow-credentials'), name).toBeNull()
      }
    },
  )

  it('whatever a page of no game’s asks and brings, in the same few words that tell nothing else', async () => {
    const headers = { origin: 'https://evil.example' }
    const before = snapshot(fixture.folder)
    const heard = new Set<string>()
    const open = ['GET /v1/games/star-harbor', 'GET /v1/games/nowhere', 'GET /v1/nowhere', 'POST /v1/sessions']
    for (const { route, body } of [...calls, ...open.map((route) => ({ route, body: undefined }))])
      for (const token of [ada, 'forged', undefined]) {
        const answer = await fixture.call(route, { token, key: 'k', headers, body })
        const worn = [...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name))
        heard.add(JSON.stringify([answer.status, worn, route.startsWith('HEAD') || answer.body]))
      }
    // With a body, and for a HEAD without.
    expect([...heard]).toHaveLength(2)
    expect(snapshot(fixture.folder)).toEqual(before)
  })
})

describe('What is another player’s does not exist for', () => {
  const strangers: [string, () => string | Promise<string>][] = [
    ['another player of the studio’s', () => fixture.verified({ sub: 'bob' })],
    ['a player of the same name in another game', () => ofMoonBase('ada')],
    ['an anonymous player', async () => (await fixture.signIn()).token],
    ['an e-mail player', async () => (await fixture.signInByMail()).token],
    ['an anonymous player of another game', async () => (await fixture.signIn('moon-base')).token],
  ]
  const own = () => calls.filter(({ route }) => /\/[\w-]{22,31}(\/|$)/.test(route))

  it.each(strangers)('%s', async (_, make) => {
    const token = await make()
    const before = snapshot(fixture.folder)
    const said = await tryAll(token, own())
    const { 'HEAD /uploads': head, ...rest } = said
    expect(head).toMatch(/^404/)
    expect(Object.keys(rest).length).toBeGreaterThanOrEqual(11)
    expect(new Set(Object.values(rest))).toEqual(new Set(['404 not_found']))
    expect(snapshot(fixture.folder)).toEqual(before)
    const seen = []
    for (const path of ['/v1/tickets', '/v1/export', '/v1/events?poll=1', '/v1/deletion-requests'])
      seen.push(JSON.stringify((await fixture.call(`GET ${path}`, { token })).body))
    for (const text of [ticket.id, ticket.number, 'My sword is gone']) expect(seen.join()).not.toContain(text)
  })

  it('and is all there for the player', async () => {
    const { body } = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
    expect(body).toMatchObject({ status: 'open', messages: [{ text: 'My sword is gone' }] })
    expect(body.messages).toHaveLength(1)
  })
})

describe('Who signed out while listening', () => {
  it('hears nothing more', async () => {
    const session = await fixture.signIn()
    await fixture.open(session.token)
    const recovering = { game: 'star-harbor', kind: 'recover', recoveryKey: session.recoveryKey }
    const { body: elsewhere } = await fixture.call<Session>('POST /v1/sessions', { body: recovering })
    const headers = { authorization: `Bearer ${session.token}` }
    const stream = await fetch(`${fixture.url}/v1/events`, { headers })
    const heard = stream.text()
    await fixture.call('DELETE /v1/session', { token: session.token })
    const later = await fixture.open(elsewhere.token, { message: 'for the other device only' })
    expect(await heard).not.toContain(later.id)
  })
})

function claims(): Record<string, unknown> {
  return { sub: 'ada', aud: 'star-harbor', iss: issuer, iat: seconds(), exp: seconds() + 3_600 }
}

function unsigned(): string {
  return `${base64url('{"alg":"none","typ":"JWT"}')}.${base64url(JSON.stringify(claims()))}.`
}

/** The same signature under other words. */
function tampered(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const words = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return `${header}.${base64url(JSON.stringify({ ...words, jti: 'A'.repeat(22), name: 'Ada' }))}.${signature}`
}

async function signedOut(): Promise<string> {
  const { token } = await fixture.signIn()
  await fixture.call('DELETE /v1/session', { token })
  return token
}

async function signedOutMail(): Promise<string> {
  const { token } = await fixture.signInByMail()
  await fixture.call('DELETE /v1/session', { token })
  return token
}

async function merged(): Promise<string> {
  const { token: anonymousToken } = await fixture.signIn()
  await fixture.call('POST /v1/sessions/merge', { token: fixture.verified({ sub: 'cem' }), body: { anonymousToken } })
  return anonymousToken
}

function ofMoonBase(sub: string): string {
  return fixture.otherStudio.sign({ sub, aud: 'moon-base', iat: seconds(), exp: seconds() + 600 })
}
