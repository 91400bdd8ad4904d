/** What lets a studio's player in, and which code says why not. */
import { describe, expect, it } from 'vitest'
import type { StudioConfig } from '../../../server/config/studio-keys.ts'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'
import { codeOf, refusalOf } from '../../fixtures/refusal.ts'
import {
  type Alg,
  createStudio,
  createTestClock,
  game,
  noon,
  noonSeconds,
  signWithHmac,
  soundClaims,
} from '../../fixtures/studio.ts'

const studio = createStudio()
const clock = createTestClock()

function verifierOf(config: StudioConfig = studio.config) {
  return createStudioVerifier(game, config, { clock })
}

const verify = verifierOf().verify

describe('a sound token', () => {
  it.each<Alg>(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'])(
    'signed with %s lets its player in',
    async (alg) => {
      const other = createStudio(alg)
      const claims = await verifierOf(other.config).verify(other.sign())
      expect(claims).toEqual({ subject: 'player-1', metadata: {}, expiresAt: new Date(noon.getTime() + 3_600_000) })
    },
  )

  it('signed with a configured shared secret lets its player in', async () => {
    const secret = 'a long enough secret with many different bytes'
    const token = signWithHmac(secret, { alg: 'HS256', typ: 'JWT' }, soundClaims)
    expect((await verifierOf({ secret }).verify(token)).subject).toBe('player-1')
  })

  it('may name several audiences as long as ours is one', async () => {
    expect((await verify(studio.sign({ aud: ['other', game] }))).subject).toBe('player-1')
  })

  it('is judged by the configured audience instead of the game key', async () => {
    const { verify } = verifierOf({ ...studio.config, audience: 'urn:support' })
    expect((await verify(studio.sign({ aud: 'urn:support' }))).subject).toBe('player-1')
    expect(await codeOf(verify(studio.sign({ aud: game })))).toBe('token_wrong_audience')
  })

  it('needs no typ, and takes JWT in any case', async () => {
    for (const typ of [undefined, 'JWT', 'jwt', 'application/jwt'])
      expect((await verify(studio.sign({}, { typ }))).subject).toBe('player-1')
  })
})

describe('each trouble has its own code', () => {
  const cases: [string, string, string][] = [
    ['an empty token', '', 'token_missing'],
    ['a word', 'hello', 'token_malformed'],
    ['two parts', studio.sign().split('.').slice(0, 2).join('.'), 'token_malformed'],
    ['five parts', 'a.b.c.d.e', 'token_malformed'],
    ['a space at the end', `${studio.sign()} `, 'token_malformed'],
    ['padding', `${studio.sign()}==`, 'token_malformed'],
    ['a payload that is no object', studio.signText('{"alg":"ES256"}', '["sub"]'), 'token_malformed'],
    ['a payload that is no JSON', studio.signText('{"alg":"ES256"}', 'sub=1'), 'token_malformed'],
    ['another key', createStudio().sign(), 'token_bad_signature'],
    ['another game', studio.sign({ aud: 'moon-base' }), 'token_wrong_audience'],
    ['a list of other games', studio.sign({ aud: ['moon-base', 'mars'] }), 'token_wrong_audience'],
    ['an audience that only begins like ours', studio.sign({ aud: `${game}-2` }), 'token_wrong_audience'],
    ['no sub', studio.sign({ sub: undefined }), 'token_missing_claim'],
    ['an empty sub', studio.sign({ sub: '' }), 'token_missing_claim'],
    ['a blank sub', studio.sign({ sub: '   ' }), 'token_missing_claim'],
    ['a number as sub', studio.sign({ sub: 7 }), 'token_missing_claim'],
    ['a sub of 256 characters', studio.sign({ sub: 'x'.repeat(256) }), 'token_missing_claim'],
    ['a sub with NUL', studio.sign({ sub: 'a\0b' }), 'token_missing_claim'],
    ['a sub with half a character', studio.signText('{"alg":"ES256"}', halfCharacter()), 'token_missing_claim'],
    ["a sub in the relay's anonymous form", studio.sign({ sub: 'anon:1' }), 'token_missing_claim'],
    ["a sub in the relay's e-mail form", studio.sign({ sub: 'Email:1' }), 'token_missing_claim'],
    ['no exp', studio.sign({ exp: undefined }), 'token_missing_claim'],
    ['an exp as text', studio.sign({ exp: String(noonSeconds + 60) }), 'token_missing_claim'],
    ['no iat', studio.sign({ iat: undefined }), 'token_missing_claim'],
    ['no aud', studio.sign({ aud: undefined }), 'token_missing_claim'],
    ['an empty aud', studio.sign({ aud: [] }), 'token_missing_claim'],
    ['an aud of another shape', studio.sign({ aud: [game, 5] }), 'token_missing_claim'],
    ['an nbf as text', studio.sign({ nbf: 'tomorrow' }), 'token_malformed'],
    ['an nbf to come', studio.sign({ nbf: noonSeconds + 61 }), 'token_not_yet_valid'],
    ['an iat to come', studio.sign({ iat: noonSeconds + 61 }), 'token_not_yet_valid'],
    ['an exp gone by', studio.sign({ iat: noonSeconds - 600, exp: noonSeconds - 60 }), 'token_expired'],
    ['a life of a day and a second', studio.sign({ exp: noonSeconds + 86_401 }), 'token_too_long_lived'],
    ['times in milliseconds', studio.sign({ exp: (noonSeconds + 60) * 1_000 }), 'token_too_long_lived'],
    ['an exp beyond all numbers', studio.signText('{"alg":"ES256"}', farAway()), 'token_missing_claim'],
  ]

  it.each(cases)('%s', async (_, token, code) => {
    expect(await codeOf(verify(token))).toBe(code)
  })

  it('an issuer is asked for only where one is configured', async () => {
    const strict = verifierOf({ ...studio.config, issuer: 'https://studio.example' })
    expect((await strict.verify(studio.sign({ iss: 'https://studio.example' }))).subject).toBe('player-1')
    expect((await verify(studio.sign({ iss: 'anyone' }))).subject).toBe('player-1')
    expect(await codeOf(strict.verify(studio.sign({ iss: 'https://studio.example/' })))).toBe('token_wrong_issuer')
    expect(await codeOf(strict.verify(studio.sign()))).toBe('token_missing_claim')
  })
})

describe('time', () => {
  it('is forgiven up to 60 seconds either way', async () => {
    await verify(studio.sign({ iat: noonSeconds + 60, nbf: noonSeconds + 60 }))
    await verify(studio.sign({ iat: noonSeconds - 600, exp: noonSeconds - 59 }))
  })

  it('a life of exactly 24 hours is allowed', async () => {
    await verify(studio.sign({ exp: noonSeconds + 86_400 }))
  })

  it('comes from the clock handed in, so a token dies while the relay runs', async () => {
    const later = createTestClock()
    const { verify } = createStudioVerifier(game, studio.config, { clock: later })
    const token = studio.sign()
    await verify(token)
    later.pass(3_661_000)
    expect(await codeOf(verify(token))).toBe('token_expired')
  })
})

describe('the code names what a fresh token would not mend', () => {
  const stale = { iat: noonSeconds - 7_200, exp: noonSeconds - 3_600 }

  it('a bad signature before anything a claim says', async () => {
    expect(await codeOf(verify(createStudio().sign({ ...stale, aud: 'moon-base' })))).toBe('token_bad_signature')
  })

  it('a missing claim before a wrong audience, that before its age', async () => {
    expect(await codeOf(verify(studio.sign({ ...stale, aud: 'moon-base', sub: undefined })))).toBe(
      'token_missing_claim',
    )
    expect(await codeOf(verify(studio.sign({ ...stale, aud: 'moon-base' })))).toBe('token_wrong_audience')
  })

  it('too long a life before its end', async () => {
    expect(await codeOf(verify(studio.sign({ iat: 0, exp: noonSeconds - 3_600 })))).toBe('token_too_long_lived')
  })
})

describe('the optional half', () => {
  it('is kept where it has the right shape', async () => {
    const metadata = { tier: 3, tags: ['whale', 'beta'], fields: { level: '12' }, chatId: 'c-1' }
    const claims = await verify(studio.sign({ name: 'Ada', email: 'ada@studio.example', locale: 'pt-BR', metadata }))
    expect(claims).toMatchObject({ name: 'Ada', email: 'ada@studio.example', locale: 'pt-BR', metadata })
  })

  it('is dropped field by field where it has not, and never costs the player their way in', async () => {
    const metadata = {
      tier: '3',
      tags: ['ok', 5, null, 'ok'],
      fields: { level: 12, rank: 'gold' },
      chatId: {},
      extra: 1,
    }
    const claims = await verify(studio.sign({ name: 5, email: 'nobody', locale: '!!', metadata }))
    expect(claims).toEqual({
      subject: 'player-1',
      expiresAt: expect.any(Date),
      metadata: { tags: ['ok'], fields: { rank: 'gold' } },
    })
  })

  it('as a whole of the wrong shape is nothing', async () => {
    for (const metadata of [null, 'x', [1], 7]) expect((await verify(studio.sign({ metadata }))).metadata).toEqual({})
  })

  it('cannot smuggle lines, NULs or a turned writing direction in a name', async () => {
    const claims = await verify(studio.sign({ name: ' Ada\ntier: 9\0\u202etxt ' }))
    expect(claims.name).toBe('Ada tier: 9 txt')
  })

  it('cannot reach a prototype', async () => {
    const payload = `{"metadata":{"fields":{"__proto__":"x","a":"b"}},${JSON.stringify(soundClaims).slice(1)}`
    const { metadata } = await verify(studio.signText('{"alg":"ES256"}', payload))
    expect(Object.getPrototypeOf(metadata.fields)).toBe(Object.prototype)
    expect(Object.keys(metadata.fields ?? {})).toEqual(['__proto__', 'a'])
  })
})

describe('a refusal', () => {
  it('carries nothing of the token', async () => {
    const secret = 'ab12cd34ef56'
    const token = studio.sign({ sub: `anon:${secret}`, aud: secret, name: secret })
    const refusal = await refusalOf(verify(token))
    const all = `${refusal.message} ${refusal.stack} ${JSON.stringify(refusal)} ${refusal.cause}`
    expect(all).not.toContain(secret)
    expect(all).not.toContain(token.split('.')[2])
  })
})

function halfCharacter(): string {
  return JSON.stringify({ ...soundClaims, sub: 'half' }).replace('half', '\\ud800')
}

function farAway(): string {
  return JSON.stringify({ ...soundClaims, exp: 0 }).replace('"exp":0', '"exp":1e999')
}
