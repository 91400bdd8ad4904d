/** What is never printed: players, what they write, what opens a door. And what every answer wears. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../server/contract/player.ts'
import { createLog, createMask } from '../../server/runtime/log.ts'
import { type RelayFixture, startTwoGames } from '../fixtures/two-games.ts'
import { until } from '../fixtures/wait.ts'

const word = {
  name: 'Ada-Lovelace-Unmistakable',
  subject: 'player-unmistakable-7741',
  email: 'unmistakable@players.example',
  text: 'unmistakable-words-of-a-player',
  file: 'unmistakable-file-name.png',
  claim: 'unmistakable-claim',
  hook: 'unmistakable-hook-secret',
}

describe('After a day’s work, with everything that can go wrong', () => {
  let fixture: RelayFixture
  let session: Session
  let verified: string
  let printed: string

  beforeAll(async () => {
    fixture = await startTwoGames({ game: { hookSecret: word.hook }, start: { logLevel: 'trace' } })
    verified = fixture.verified({ sub: word.subject, name: word.name, email: word.email })
    session = await fixture.signIn()
    await live(fixture, session, verified)
    await until(() => fixture.lines.some((line) => line.includes('could not be handed over')), 'a mail has failed')
    const metrics = await fixture.call<string>('GET /metrics')
    printed = [...fixture.lines, metrics.body].join('\n')
  })

  afterAll(() => fixture.close())

  it.each(Object.entries(word))('the log and the metrics do not hold the %s', (_, text) => {
    expect(printed).not.toContain(text)
  })

  it('nor a token, a recovery key, an id of a ticket or an address of anybody', async () => {
    const tickets = await fixture.call<{ items: { id: string; number: string }[] }>('GET /v1/tickets', {
      token: verified,
    })
    const { id = '', number = '' } = tickets.body.items[0] ?? {}
    const parts = [verified, session.token, session.recoveryKey ?? '', ...verified.split('.'), id, number]
    for (const part of parts) {
      expect(part).not.toBe('')
      expect(printed).not.toContain(part)
    }
    expect(printed).not.toMatch(/127\.0\.0\.1[^:]|@players\.example/)
  })

  it('while the operator still learns what went wrong', () => {
    expect(printed).toContain('EENVELOPE')
  })
})

/** Every call once, well and badly. */
async function live(fixture: RelayFixture, { token, recoveryKey }: Session, verified: string): Promise<void> {
  const game = 'star-harbor'
  const written = {
    message: word.text,
    subject: word.text,
    language: 'en',
    metadata: { note: word.claim },
    email: word.email,
  }
  const ticket = await fixture.open(verified, written)
  await fixture.open(token, written)
  await fixture.call('POST /v1/tickets', { token, key: 'bad', body: { ...written, language: word.text } })
  await fixture.call('POST /v1/tickets', { token, key: 'raw', raw: `{"message": "${word.text}"` })
  await fixture.call(`POST /v1/tickets/${ticket.id}/messages`, {
    token: verified,
    key: 'r',
    body: { message: word.text },
  })
  const file = { fileName: word.file, fileType: 'image/png', fileSize: 4 }
  const announced = await fixture.call<{ id: string }>('POST /v1/attachments', { token, body: file })
  const tus = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
  await fixture.call(`PATCH /v1/uploads/${announced.body.id}`, { token, headers: tus, raw: 'text' })
  await fixture.call(`PATCH /v1/uploads/${announced.body.id}`, { token, headers: tus, raw: 'text' })
  for (const email of [word.email, `nobody-${word.email}`])
    await fixture.call('POST /v1/sessions', { body: { game, kind: 'email', email } })
  await fixture.call('POST /v1/sessions', { body: { game, kind: 'email', code: word.text, browserSecret: word.text } })
  await fixture.call('POST /v1/sessions', { body: { game, kind: 'recover', recoveryKey } })
  await fixture.call('POST /v1/sessions', { body: { game, kind: 'recover', recoveryKey: word.text } })
  await fixture.call(`POST /hooks/${game}/${word.hook}`, { raw: `not JSON: ${word.text}` })
  await fixture.call(`POST /hooks/${game}/${word.hook}-and-more`, { raw: word.text })
  await fixture.call('GET /v1/tickets', { token: `${verified}x` })
  await fixture.call('GET /v1/tickets', { token: word.text })
  await fixture.call(`GET /v1/tickets?cursor=${word.text}`, { token })
  await fixture.call(`GET /v1/tickets/${word.text}`, { token })
  for (const path of ['/v1/export', '/v1/events?poll=1', '/v1/tickets'])
    for (const bearer of [token, verified]) await fixture.call(`GET ${path}`, { token: bearer })
  await fixture.call('POST /v1/sessions/merge', { token: verified, body: { anonymousToken: `${token}x` } })
  await fixture.call('POST /v1/sessions/merge', { token: verified, body: { anonymousToken: token } })
}

describe('A log line', () => {
  function lineOf(secrets: string[], write: (log: ReturnType<typeof createLog>) => void): string {
    const lines: string[] = []
    write(createLog({ level: 'info', secrets: new Set(secrets), destination: { write: (line) => lines.push(line) } }))
    return lines.join('')
  }

  it('masks a secret however it is spelt', () => {
    const secret = 'p@ss "word"/7'
    const line = lineOf([secret], (log) =>
      log.info(
        { url: `https://x.example/?key=${encodeURIComponent(secret)}`, json: JSON.stringify({ secret }) },
        secret,
      ),
    )
    expect(line).not.toMatch(/p@ss|p%40ss|word/)
    expect(() => JSON.parse(line)).not.toThrow()
  })

  it('tells of an error what and where, and nothing that it quotes', () => {
    const line = lineOf([], (log) => {
      try {
        JSON.parse('{"text": unmistakable words}')
      } catch (cause) {
        log.error({ err: new Error('reading broke off', { cause }) }, 'trouble')
      }
    })
    expect(line).toContain('reading broke off')
    expect(line).toContain('SyntaxError')
    expect(line).toContain('leaks.test.ts')
    expect(line).not.toContain('unmistakable')
  })

  it('holds no token, no recovery key and no mailbox even where somebody put one', () => {
    const mask = createMask(new Set())
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'
    expect(mask(`Bearer ${token}, key 7K2M-7K2M-7K2M-7K2M-7K2M-7K2M-7K2M, to <ada@players.example>`)).toBe(
      'Bearer ***, key ***, to <***>',
    )
  })

  it('masks the longer of two secrets that begin alike', () => {
    expect(createMask(new Set(['secret', 'secret-and-more']))('it is secret-and-more')).toBe('it is ***')
  })
})

describe('Every answer', () => {
  let fixture: RelayFixture

  beforeAll(async () => {
    fixture = await startTwoGames()
  })

  afterAll(() => fixture.close())

  it.each([
    'GET /v1/games/star-harbor',
    'GET /v1/tickets',
    'POST /v1/sessions',
    'GET /nowhere',
    'GET /healthz',
    'GET /openapi.json',
    'GET /desk',
    'POST /hooks/star-harbor/guess',
    'GET /files/guess',
  ])('of %s is data for nobody to frame, sniff, embed or cache wrongly', async (route) => {
    const { headers, status } = await fixture.call(route)
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/)
    expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin)$/)
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}$/)
    expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull()
    if (status >= 400 && !route.includes('/desk')) expect(headers.get('cache-control')).toBe('no-store')
  })

  it('under /v1 differs by origin, and no cache may mix them up', async () => {
    for (const headers of [{}, { origin: 'https://play.star-harbor.example' }, { origin: 'https://evil.example' }])
      expect((await fixture.call('GET /v1/games/star-harbor', { headers })).headers.get('vary')).toMatch(/\bOrigin\b/)
  })

  it('allows no credentials, and a stranger’s page nothing', async () => {
    const preflight = (origin: string) =>
      fetch(`${fixture.url}/v1/tickets`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
    const own = await preflight('https://play.star-harbor.example')
    expect(own.headers.get('access-control-allow-origin')).toBe('https://play.star-harbor.example')
    expect(own.headers.get('access-control-allow-credentials')).toBeNull()
    const stranger = await preflight('https://evil.example')
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
  })
})
