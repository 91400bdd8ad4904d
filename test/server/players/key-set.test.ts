/** A studio's key server that is down, slow, wrong or attacked: known players go on, nobody new slips in. */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStudioVerifier, type StudioVerifierParts } from '../../../server/players/studio-token.ts'
import { type KeyServer, startKeyServer } from '../../fixtures/key-server.ts'
import { codeOf } from '../../fixtures/refusal.ts'
import {
  createStudio,
  createTestClock,
  game,
  rsaKeyPair,
  type Studio,
  signWithHmac,
  soundClaims,
  type TestClock,
} from '../../fixtures/studio.ts'

const minute = 60_000
const old = createStudio('RS256')
const fresh = createStudio('ES256')
const stranger = createStudio('RS256')

let server: KeyServer
let clock: TestClock
let troubles: string[]

beforeEach(async () => {
  server = await startKeyServer()
  clock = createTestClock()
  troubles = []
})

afterEach(() => server.close())

function createVerifier(parts: Partial<StudioVerifierParts> = {}) {
  const onJwksFailure: StudioVerifierParts['onJwksFailure'] = ({ code }) => troubles.push(code)
  return createStudioVerifier(game, { jwksUrl: server.url }, { clock, onJwksFailure, ...parts })
}

/** A token that is sound whenever it is asked for. */
function tokenOf(studio: Studio, kid?: string): string {
  const iat = clock.now().getTime() / 1_000
  return studio.sign({ iat, exp: iat + 3_600 }, { kid })
}

describe('while all is well', () => {
  it('reads the keys when the first token comes, and once for all that come at once', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier()
    expect(server.visits()).toBe(0)
    await Promise.all(Array.from({ length: 50 }, () => verify(tokenOf(old, 'one'))))
    expect(server.visits()).toBe(1)
  })

  it('finds the key of a token without a kid among several', async () => {
    server.publish({ one: stranger, two: old, three: fresh })
    expect((await createVerifier().verify(tokenOf(old))).subject).toBe('player-1')
  })

  it('takes a rotated key on the first token that names it', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier()
    await verify(tokenOf(old, 'one'))
    server.publish({ one: old, two: fresh })
    clock.pass(31_000)
    expect((await verify(tokenOf(fresh, 'two'))).subject).toBe('player-1')
    expect((await verify(tokenOf(old, 'one'))).subject).toBe('player-1')
  })

  it('forgets a withdrawn key within ten minutes of use, and over a quiet night before the first token', async () => {
    server.publish({ one: old })
    const busy = createVerifier()
    const quiet = createVerifier()
    await busy.verify(tokenOf(old, 'one'))
    await quiet.verify(tokenOf(old, 'one'))
    server.publish({ two: fresh })
    clock.pass(11 * minute)
    await busy.verify(tokenOf(old, 'one'))
    await vi.waitFor(async () => expect(await codeOf(busy.verify(tokenOf(old, 'one')))).toBe('token_bad_signature'), {
      timeout: 25_000,
    })
    clock.pass(8 * 60 * minute)
    expect(await codeOf(quiet.verify(tokenOf(old, 'one')))).toBe('token_bad_signature')
  })

  it('uses a key only for the algorithm its publisher gives it, and only for signatures', async () => {
    const narrow = { ...old.publicJwk('one'), alg: 'RS512' }
    const encrypting = { ...old.publicJwk('two'), use: 'enc' }
    const signing = { ...old.publicJwk('three'), key_ops: ['encrypt'] }
    server.answer((_, response) => response.end(JSON.stringify({ keys: [narrow, encrypting, signing] })))
    const { verify } = createVerifier()
    for (const kid of ['one', 'two', 'three'])
      expect(await codeOf(verify(tokenOf(old, kid)))).toBe('token_bad_signature')
    expect(troubles).toEqual([])
  })
})

describe('while the key server misbehaves', () => {
  const misbehaviours: [string, string, () => void][] = [
    ['is down', 'unreachable', () => server.goDown()],
    ['hangs', 'slow', () => server.hang()],
    ['sends its head and then hangs', 'slow', () => server.answer((_, response) => void response.write('{"keys":'))],
    ['drips a byte at a time', 'slow', () => server.answer((_, response) => drip(response))],
    ['answers HTML', 'not_a_key_set', () => server.answer((_, response) => response.end('<!doctype html><p>Hello'))],
    [
      'answers JSON of another shape',
      'not_a_key_set',
      () => server.answer((_, response) => response.end('{"keys":{}}')),
    ],
    ['answers 10 MB', 'too_large', () => server.answer((_, response) => pour(response, 10))],
    ['answers a thousand keys', 'too_large', () => server.answer((_, response) => response.end(manyKeys()))],
    ['answers 500', 'bad_status', () => server.answer((_, response) => response.writeHead(500).end())],
    ['answers 204', 'bad_status', () => server.answer((_, response) => response.writeHead(204).end())],
    ['redirects', 'bad_status', () => server.answer((_, response) => redirect(response))],
  ]

  it.each(misbehaviours)('(it %s) known players go on and nobody new slips in', async (_, trouble, misbehave) => {
    server.publish({ one: old })
    const { verify } = createVerifier({ jwksTimeoutMs: 1_000 })
    await verify(tokenOf(old, 'one'))
    misbehave()
    clock.pass(3 * 60 * minute)
    for (let round = 0; round < 3; round += 1) {
      expect((await verify(tokenOf(old, 'one'))).subject).toBe('player-1')
      expect(await codeOf(verify(tokenOf(stranger, 'one')))).toBe('token_bad_signature')
      expect(await codeOf(verify(tokenOf(stranger, 'two')))).toBe('token_bad_signature')
      clock.pass(20 * minute)
    }
    expect(new Set(troubles)).toEqual(new Set([trouble]))
  })

  it.each(misbehaviours)(
    '(it %s from the start) everyone is refused, and let in soon after it is mended',
    async (...row) => {
      const [, trouble, misbehave] = row
      misbehave()
      const { verify } = createVerifier({ jwksTimeoutMs: 1_000 })
      expect(await codeOf(verify(tokenOf(old, 'one')))).toBe('token_bad_signature')
      expect(troubles).toEqual([trouble])
      server.publish({ one: old })
      clock.pass(5_000)
      expect((await verify(tokenOf(old, 'one'))).subject).toBe('player-1')
    },
  )

  it('no known player waits for a slow server that was well a quarter of an hour ago', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier({ jwksTimeoutMs: 1_000 })
    await verify(tokenOf(old, 'one'))
    server.hang()
    clock.pass(11 * minute)
    const visitsBefore = server.visits()
    const answered = await Promise.all(Array.from({ length: 20 }, () => verify(tokenOf(old, 'one'))))
    expect(answered).toHaveLength(20)
    expect(troubles).toEqual([])
    await vi.waitFor(() => expect(troubles).toEqual(['slow']), { timeout: 25_000 })
    expect(server.visits()).toBe(visitsBefore + 1)
  })

  it('no known player waits in a long outage, even when its next try hangs', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier({ jwksTimeoutMs: 3_600_000 })
    await verify(tokenOf(old, 'one'))
    server.goDown()
    clock.pass(2 * 60 * minute)
    await verify(tokenOf(old, 'one'))
    expect(troubles).toEqual(['unreachable'])
    server.hang()
    clock.pass(10 * minute)
    expect((await verify(tokenOf(old, 'one'))).subject).toBe('player-1')
    await vi.waitFor(() => expect(server.visits()).toBe(3), { timeout: 25_000 })
  })

  it('keys are believed for a week without their server, and then no more', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier()
    await verify(tokenOf(old, 'one'))
    server.goDown()
    clock.pass(6 * 24 * 60 * minute)
    expect((await verify(tokenOf(old, 'one'))).subject).toBe('player-1')
    clock.pass(2 * 24 * 60 * minute)
    expect(await codeOf(verify(tokenOf(old, 'one')))).toBe('token_bad_signature')
  })

  it('a redirect is not followed', async () => {
    const elsewhere = await startKeyServer()
    elsewhere.publish({ one: old })
    server.answer((_, response) => response.writeHead(302, { location: elsewhere.url }).end())
    expect(await codeOf(createVerifier().verify(tokenOf(old, 'one')))).toBe('token_bad_signature')
    expect(elsewhere.visits()).toBe(0)
    await elsewhere.close()
  })
})

describe('while somebody invents kids', () => {
  it('a thousand of them cost the key server one visit in thirty seconds', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier()
    await verify(tokenOf(old, 'one'))
    clock.pass(29_000)
    expect(await codeOf(verify(stranger.sign({}, { kid: 'early' })))).toBe('token_bad_signature')
    expect(server.visits()).toBe(1)
    clock.pass(1_000)
    // Signed beforehand: it takes seconds, in which nobody would hear the key server's answer.
    const tokens = Array.from({ length: 1_000 }, (_, n) => stranger.sign({}, { kid: `k${n}` }))
    const codes = await Promise.all(tokens.map((token) => codeOf(verify(token))))
    expect(new Set(codes)).toEqual(new Set(['token_bad_signature']))
    expect(server.visits()).toBe(2)
  })

  it('it costs a server that is down no more than one in five', async () => {
    server.goDown()
    const { verify } = createVerifier()
    for (let second = 0; second < 10; second += 1) {
      for (let n = 0; n < 20; n += 1) await codeOf(verify(stranger.sign({}, { kid: `${second}-${n}` })))
      clock.pass(1_000)
    }
    expect(server.visits()).toBe(2)
  })

  it('a clock set back does not stop the keys from being read', async () => {
    server.publish({ one: old })
    const { verify } = createVerifier()
    await verify(tokenOf(old, 'one'))
    clock.pass(-60 * minute)
    server.publish({ two: fresh })
    expect((await verify(tokenOf(fresh, 'two'))).subject).toBe('player-1')
  })
})

describe('what a key server must not publish', () => {
  it.each([
    ['a private key', { ...rsaKeyPair(2_048).privateKey.export({ format: 'jwk' }), kid: 'bad' }],
    ['a shared secret', { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'bad' }],
    ['an RSA key of 1024 bits', { ...rsaKeyPair(1_024).publicKey.export({ format: 'jwk' }), kid: 'bad' }],
    ['a curve nobody asked for', { kty: 'EC', crv: 'P-521', x: 'AA', y: 'AA', kid: 'bad' }],
    ['a point that is not on its curve', { ...fresh.publicJwk('bad'), y: 'A'.repeat(43) }],
    ['a member that is no key', 'bad'],
  ])('%s is reported and left out; the sound key beside it works', async (_, bad) => {
    server.answer((_, response) => response.end(JSON.stringify({ keys: [bad, old.publicJwk('good')] })))
    expect((await createVerifier().verify(tokenOf(old, 'good'))).subject).toBe('player-1')
    expect(troubles).toEqual(['unusable_key'])
  })

  it('an HMAC with a published secret opens nothing', async () => {
    const secret = Buffer.alloc(32, 7)
    const jwk = { kty: 'oct', k: secret.toString('base64url'), kid: 'bad' }
    server.answer((_, response) => response.end(JSON.stringify({ keys: [jwk] })))
    const token = signWithHmac(secret, { alg: 'HS256', kid: 'bad' }, soundClaims)
    expect(await codeOf(createVerifier().verify(token))).toBe('token_bad_signature')
  })
})

function drip(response: ServerResponse): void {
  const timer = setInterval(() => (response.destroyed ? clearInterval(timer) : response.write(' ')), 20)
}

function pour(response: ServerResponse, megabytes: number): void {
  const chunk = Buffer.alloc(1_048_576, ' ')
  for (let n = 0; n < megabytes; n += 1) response.write(chunk)
  response.end('{"keys":[]}')
}

function redirect(response: ServerResponse): void {
  response
    .writeHead(302, { location: `${server.url}?again` })
    .end(JSON.stringify({ keys: [stranger.publicJwk('two')] }))
}

function manyKeys(): string {
  return JSON.stringify({ keys: Array.from({ length: 1_000 }, () => ({ kty: 'x' })) })
}
