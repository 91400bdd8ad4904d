/** What `medkit token inspect` has to say. */
import { describe, expect, it } from 'vitest'
import { type TokenProblemCode, tokenProblemCodes } from '../../../server/contract/problem-code.ts'
import { type InspectOptions, inspectToken, judgeSignature } from '../../../server/players/inspect.ts'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'
import {
  base64url,
  createStudio,
  createTestClock,
  game,
  noon,
  noonSeconds,
  signWithHmac,
  soundClaims,
} from '../../fixtures/studio.ts'

const studio = createStudio()
const issuer = 'https://studio.example'
const jwt = { ...studio.config, issuer }
const options: InspectOptions = { now: noon, game: { key: game, jwt }, signature: 'good' }

function sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
  return studio.sign({ iss: issuer, ...claims }, header)
}

describe('a sound token', () => {
  it('is accepted, with all that is in it and how long it lives', () => {
    const { verdict, header, claims, findings, notes } = inspectToken(sign(), options)
    expect({ verdict, findings }).toEqual({ verdict: 'accepted', findings: [] })
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT' })
    expect(claims).toEqual({ ...soundClaims, iss: issuer })
    expect(notes).toEqual(['It expires in 60 minutes.'])
  })

  it('is not called accepted while its signature or its game is unknown', () => {
    expect(inspectToken(sign(), { ...options, signature: undefined }).verdict).toBe('unjudged')
    const alone = inspectToken(sign(), { now: noon, signature: 'good' })
    expect(alone.verdict).toBe('unjudged')
    expect(alone.notes[0]).toContain('No game was named')
  })
})

describe('every refusal', () => {
  const broken: Record<TokenProblemCode, [string, InspectOptions?]> = {
    token_missing: [''],
    token_malformed: ['a.b.c'],
    token_expired: [sign({ iat: noonSeconds - 7_200, exp: noonSeconds - 3_600 })],
    token_not_yet_valid: [sign({ iat: noonSeconds + 600 })],
    token_bad_signature: [sign(), { ...options, signature: 'bad' }],
    token_wrong_audience: [sign({ aud: 'moon-base' })],
    token_wrong_issuer: [sign({ iss: 'https://other.example' })],
    token_missing_claim: [sign({ sub: undefined })],
    token_too_long_lived: [sign({ exp: noonSeconds + 90_000 })],
  }

  it.each(tokenProblemCodes)('%s has a finding of its own that says what is wrong and how to mend it', (code) => {
    const [token, how = options] = broken[code]
    const { verdict, findings } = inspectToken(token, how)
    expect(verdict).toBe('refused')
    expect(findings.map((finding) => finding.code)).toEqual([code])
    expect(findings[0]?.problem.length).toBeGreaterThan(10)
    expect(findings[0]?.mend).toMatch(/^[A-Z].{20,}[.)]$/)
  })

  it('comes with the others, one finding a code, in the order in which the relay refuses', () => {
    const token = sign({ sub: undefined, iat: undefined, aud: 'moon-base', iss: 'x' }, { alg: 'none' })
    const codes = inspectToken(token, options).findings.map(({ code }) => code)
    expect(codes).toEqual(['token_bad_signature', 'token_missing_claim', 'token_wrong_audience', 'token_wrong_issuer'])
  })
})

describe('the usual mistakes get a sharper word', () => {
  const cases: [string, string, RegExp][] = [
    ['a "Bearer " in front', `Bearer ${sign()}`, /Bearer/],
    ['quotation marks around', `"${sign()}"`, /quotation/],
    ['a line break inside', sign().replace('.', '.\n'), /line breaks/],
    ['an encrypted token', 'a.b.c.d.e', /encrypted/],
    ['base64 instead of base64url', `${sign().slice(0, -4)}a+/=`, /base64url/],
    ['a token of nine kilobytes', sign({ note: 'x'.repeat(9_000) }), /8 KiB/],
    ['an access token', sign({}, { typ: 'at+jwt' }), /access token/],
    ['critical extensions', sign({}, { crit: ['exp'] }), /crit/],
    [
      'milliseconds in iat and exp',
      sign({ iat: noon.getTime(), exp: noon.getTime() + 60_000 }),
      /"iat", "exp".*seconds/,
    ],
    ['milliseconds in exp', sign({ exp: noon.getTime() }), /seconds/],
    ['no signature at all', sign({}, { alg: 'none' }), /not signed/],
    [
      'HS256 under a public key',
      signWithHmac('x', { alg: 'HS256' }, { ...soundClaims, iss: issuer }),
      /shared "secret"/,
    ],
    ['a number as sub', sign({ sub: 7 }), /string/],
    ['a reserved sub', sign({ sub: 'anon:7' }), /before the id/],
    ['an exp as text', sign({ exp: '1' }), /as a number/],
    ['the id in another claim', sign({ sub: undefined, user_id: '7' }), /"user_id"/],
  ]

  it.each(cases)('%s', (_, token, words) => {
    expect(inspectToken(token, options).findings[0]?.mend).toMatch(words)
  })
})

describe('notes', () => {
  it('say how long ago a token expired', () => {
    const { notes } = inspectToken(sign({ iat: noonSeconds - 3_700, exp: noonSeconds - 180 }), options)
    expect(notes).toContain('It expired 3 minutes ago.')
  })

  it('name the optional parts that are left out, and the headers that are ignored', () => {
    const metadata = { tier: 'gold', tags: ['a', 7], fields: { a: 'b', c: 1 }, vip: true }
    const notes = inspectToken(sign({ name: 7, metadata }, { jku: 'https://x.example' }), options).notes.join('\n')
    for (const name of ['"name"', '"metadata.tier"', '"metadata.tags"', '"metadata.fields"', '"metadata.vip"', '"jku"'])
      expect(notes).toContain(name)
    expect(notes).not.toContain('"email"')
  })

  it('are quiet about a token whose every part was understood', () => {
    const metadata = { tier: 1, tags: ['a'], fields: { a: 'b' }, chatId: 'c' }
    const token = sign({ name: 'Ada', email: 'ada@studio.example', locale: 'de', metadata })
    expect(inspectToken(token, options).notes).toEqual(['It expires in 60 minutes.'])
  })
})

describe('the signature', () => {
  it('is in nothing that comes back', () => {
    for (const token of [sign(), sign({ aud: 'x' }), `${sign()} `, `Bearer ${sign()}`, `${sign()}.more`]) {
      const signature = token.split('.')[2]?.trim() ?? ''
      expect(JSON.stringify(inspectToken(token, options))).not.toContain(signature)
    }
  })

  it('is judged by the verifier itself, whatever the claims say', async () => {
    const verifier = createStudioVerifier(game, jwt, { clock: createTestClock() })
    expect(await judgeSignature(verifier, sign())).toBe('good')
    expect(await judgeSignature(verifier, sign({ aud: 'moon-base', exp: 1 }))).toBe('good')
    expect(await judgeSignature(verifier, createStudio().sign({ iss: issuer }))).toBe('bad')
    expect(await judgeSignature(verifier, 'nonsense')).toBeUndefined()
  })

  it('need not be there for the rest to be read', () => {
    const unsigned = `${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(soundClaims))}.`
    expect(inspectToken(unsigned, options).claims).toEqual(soundClaims)
  })
})
