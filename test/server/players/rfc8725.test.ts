/** RFC 8725, "JSON Web Token Best Current Practices", point by point. */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findStudioConfigMistakes } from '../../../server/config/studio-keys.ts'
import { createSessionTokens } from '../../../server/players/session.ts'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'
import { type KeyServer, startKeyServer } from '../../fixtures/key-server.ts'
import { codeOf } from '../../fixtures/refusal.ts'
import {
  attach,
  base64url,
  createStudio,
  createTestClock,
  game,
  rsaKeyPair,
  signRs256,
  signWithHmac,
  soundClaims,
} from '../../fixtures/studio.ts'

const clock = createTestClock()
const empty = (input: string) => createHmac('sha256', '').update(input).digest()
const studio = createStudio('RS256')
const { verify } = createStudioVerifier(game, studio.config, { clock })

describe('2.1 and 3.1 algorithm verification', () => {
  it('refuses "alg": "none", however it is spelt, with and without a signature', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const head = base64url(JSON.stringify({ alg, typ: 'JWT' }))
      const body = base64url(JSON.stringify(soundClaims))
      expect(await codeOf(verify(`${head}.${body}.`))).toBe('token_bad_signature')
      expect(await codeOf(verify(`${head}.${body}.${base64url('x')}`))).toBe('token_bad_signature')
    }
  })

  it('refuses an HMAC made with the public key (HS/RS confusion)', async () => {
    for (const secret of [studio.publicPem, studio.publicPem.trim(), Buffer.from(studio.publicPem)])
      for (const alg of ['HS256', 'HS384', 'RS256'])
        expect(await codeOf(verify(signWithHmac(secret, { alg, typ: 'JWT' }, soundClaims)))).toBe('token_bad_signature')
  })

  it('refuses a public key configured as an HMAC secret', () => {
    expect(findStudioConfigMistakes({ secret: studio.publicPem })).toMatchObject([{ path: 'secret' }])
  })

  it('refuses an algorithm of the right key that the configuration leaves out', async () => {
    const narrow = createStudioVerifier(game, { ...studio.config, algorithms: ['RS512'] }, { clock })
    expect(await codeOf(narrow.verify(studio.sign()))).toBe('token_bad_signature')
  })

  it('refuses a header without an algorithm, or with one that is no text', async () => {
    for (const alg of [undefined, null, 5, ['RS256'], { alg: 'RS256' }])
      expect(await codeOf(verify(studio.sign({}, { alg })))).toBe('token_bad_signature')
  })
})

describe('3.2 appropriate algorithms', () => {
  it('knows no algorithm beyond those of the contract', async () => {
    for (const alg of ['PS256', 'ES256K', 'ES512', 'HS512', 'RSA1_5', 'ML-DSA-44', '__proto__', 'constructor'])
      expect(await codeOf(verify(studio.sign({}, { alg })))).toBe('token_bad_signature')
  })

  it('refuses a configuration that asks for one', () => {
    for (const algorithm of ['none', 'HS256', 'PS256', 'ES256'])
      expect(findStudioConfigMistakes({ ...studio.config, algorithms: [algorithm] })).toMatchObject([
        { path: 'algorithms' },
      ])
  })
})

describe('3.3 every cryptographic operation is validated', () => {
  it('refuses a signature with one bit turned, a cut one, and an empty one', async () => {
    const [head, body, signature = ''] = studio.sign().split('.')
    const turned = Buffer.from(signature, 'base64url')
    turned[7] = (turned[7] ?? 0) ^ 1
    for (const bad of [turned.toString('base64url'), base64url(turned.subarray(0, 100)), ''])
      expect(await codeOf(verify(`${head}.${body}.${bad}`))).toBe('token_bad_signature')
  })

  it('refuses a payload or a header exchanged after signing', async () => {
    const [head, body, signature] = studio.sign().split('.')
    const otherBody = base64url(JSON.stringify({ ...soundClaims, sub: 'somebody else' }))
    const otherHead = base64url(JSON.stringify({ alg: 'RS256' }))
    expect(await codeOf(verify(`${head}.${otherBody}.${signature}`))).toBe('token_bad_signature')
    expect(await codeOf(verify(`${otherHead}.${body}.${signature}`))).toBe('token_bad_signature')
  })

  it('refuses a token in a token: the inner one is not unwrapped', async () => {
    expect(await codeOf(verify(studio.signText('{"alg":"RS256","cty":"JWT"}', studio.sign())))).toBe('token_malformed')
  })

  it('refuses a signature spelt in another way than the one there is', async () => {
    const token = createStudio('ES256').sign()
    const last = token.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const sameBits = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
    expect(await codeOf(verify(token.slice(0, -1) + sameBits))).toBe('token_malformed')
  })
})

describe('3.4 cryptographic inputs are validated', () => {
  it('refuses the ECDSA signature of nothing but zeros', async () => {
    const elliptic = createStudio('ES256')
    const [head, body] = elliptic.sign().split('.')
    const { verify } = createStudioVerifier(game, elliptic.config, { clock })
    expect(await codeOf(verify(`${head}.${body}.${base64url(Buffer.alloc(64))}`))).toBe('token_bad_signature')
  })

  it('refuses a curve that no algorithm of ours uses', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(findStudioConfigMistakes({ publicKey: pem })).toMatchObject([{ path: 'publicKey' }])
  })
})

describe('3.5 keys have enough entropy', () => {
  it('refuses a shared secret that is empty, short, or one thing over and over', () => {
    for (const secret of ['', 'hunter2', 'x'.repeat(31), 'x'.repeat(64), 'abc'.repeat(20)])
      expect(findStudioConfigMistakes({ secret })).toMatchObject([{ path: 'secret' }])
  })

  it('refuses an RSA key under 2048 bits', () => {
    const weak = rsaKeyPair(1_024).publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(findStudioConfigMistakes({ publicKey: weak })).toMatchObject([{ path: 'publicKey' }])
    expect(() => createStudioVerifier(game, { publicKey: weak }, { clock })).toThrow(TypeError)
  })
})

describe('2.6 and 3.6 encryption and compression', () => {
  it('refuses an encrypted token unread', async () => {
    const head = base64url('{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}')
    expect(await codeOf(verify(`${head}.a.b.c.d`))).toBe('token_malformed')
  })

  it('refuses an oversized token before it decodes a byte', async () => {
    const big = studio.sign({ fields: 'x'.repeat(9_000) })
    expect(await codeOf(verify(big))).toBe('token_malformed')
    expect(await codeOf(verify('x'.repeat(50_000_000)))).toBe('token_malformed')
  })
})

describe('2.4 and 3.7 one encoding, one reading', () => {
  const text = JSON.stringify(soundClaims)

  it('refuses what is not UTF-8', async () => {
    const latin = Buffer.from(text.replace('player-1', 'pl\u00e4yer'), 'latin1')
    expect(await codeOf(verify(studio.signText('{"alg":"RS256"}', latin)))).toBe('token_malformed')
    const utf16 = Buffer.from(text, 'utf16le')
    expect(await codeOf(verify(studio.signText('{"alg":"RS256"}', utf16)))).toBe('token_malformed')
    expect(await codeOf(verify(studio.signText('{"alg":"RS256"}', `\ufeff${text}`)))).toBe('token_malformed')
  })

  it('refuses duplicate claims, at the top, deeper down, and behind an escape', async () => {
    const twice = [
      `{"sub":"admin",${text.slice(1)}`,
      `{"\\u0073ub":"admin",${text.slice(1)}`,
      `{"metadata":{"tier":1,"tier":9},${text.slice(1)}`,
      `{"metadata":{"fields":{"a":"1","b":[{"c":1,"c":2}]}},${text.slice(1)}`,
    ]
    for (const payload of twice)
      expect(await codeOf(verify(studio.signText('{"alg":"RS256"}', payload)))).toBe('token_malformed')
  })

  it('refuses a duplicate header parameter', async () => {
    expect(await codeOf(verify(studio.signText('{"alg":"none","alg":"RS256"}', text)))).toBe('token_malformed')
  })

  it('takes the same name in two different objects, and braces inside texts, for what they are', async () => {
    const payload = `{"metadata":{"fields":{"sub":"x","q":"{\\"sub\\":1,\\"sub\\":2}"}},${text.slice(1)}`
    const claims = await verify(studio.signText('{"alg":"RS256"}', payload))
    expect(claims.metadata.fields).toEqual({ sub: 'x', q: '{"sub":1,"sub":2}' })
  })
})

describe('3.8 issuer and subject', () => {
  it('refuses an issuer that is not the configured one, even with the right key', async () => {
    const strict = createStudioVerifier(game, { ...studio.config, issuer: 'https://a.example' }, { clock })
    expect(await codeOf(strict.verify(studio.sign({ iss: 'https://b.example' })))).toBe('token_wrong_issuer')
    expect(await codeOf(strict.verify(studio.sign({ iss: ['https://a.example'] })))).toBe('token_wrong_issuer')
  })

  it("refuses a subject that could pass for one of the relay's own", async () => {
    for (const sub of ['anon:0', 'email:0', 'ANON:0'])
      expect(await codeOf(verify(studio.sign({ sub })))).toBe('token_missing_claim')
  })
})

describe('3.9 audience', () => {
  it('refuses the sound token of one game at another that trusts the same key', async () => {
    const other = createStudioVerifier('moon-base', studio.config, { clock })
    expect(await codeOf(other.verify(studio.sign()))).toBe('token_wrong_audience')
  })
})

describe('2.10 and 3.10 what a token says of its key is not trusted', () => {
  const attacker = createStudio('RS256')
  let server: KeyServer
  let origin: string
  const visits: (string | undefined)[] = []

  beforeAll(async () => {
    server = await startKeyServer()
    origin = new URL(server.url).origin
    server.answer((request, response) => {
      visits.push(request.url)
      const key = request.url === '/studio' ? studio.publicJwk('studio-key') : attacker.publicJwk('studio-key')
      response.end(JSON.stringify({ keys: [key] }))
    })
  })

  afterAll(() => server.close())

  it('ignores jku, x5u, jwk and x5c, and calls no address from a token', async () => {
    const published = createStudioVerifier(game, { jwksUrl: `${origin}/studio` }, { clock })
    const kid = 'studio-key'
    const headers = [
      { kid, jku: `${origin}/attacker` },
      { kid, x5u: `${origin}/attacker` },
      { kid, jwk: await exportJWK(rsaKeyPair(2_048).publicKey) },
      { kid, jwk: attacker.publicJwk(kid) },
      { kid, x5c: [attacker.publicPem.replace(/-----.*-----|\n/g, '')] },
    ]
    for (const header of headers) {
      expect(await codeOf(published.verify(attacker.sign({}, header)))).toBe('token_bad_signature')
      expect(await codeOf(verify(attacker.sign({}, header)))).toBe('token_bad_signature')
      expect((await published.verify(studio.sign({}, header))).subject).toBe('player-1')
    }
    expect(new Set(visits)).toEqual(new Set(['/studio']))
  })

  it('treats a kid as a name to compare and nothing else (kid injection)', async () => {
    const published = createStudioVerifier(game, { jwksUrl: `${origin}/studio` }, { clock })
    const kids = [
      '../../../../dev/null',
      "' OR '1'='1",
      '/dev/null',
      '| id',
      `${origin}/attacker`,
      '__proto__',
      'toString',
      '',
    ]
    for (const kid of kids) {
      expect(await codeOf(published.verify(attacker.sign({}, { kid })))).toBe('token_bad_signature')
      expect(await codeOf(published.verify(studio.sign({}, { kid })))).toBe('token_bad_signature')
      expect(
        await codeOf(verify(attach(JSON.stringify({ alg: 'RS256', kid }), JSON.stringify(soundClaims), empty))),
      ).toBe('token_bad_signature')
    }
  })

  it('refuses a kid that is no text', async () => {
    for (const kid of [1, null, ['studio-key'], { kid: 'studio-key' }])
      expect(await codeOf(verify(studio.sign({}, { kid })))).toBe('token_malformed')
  })
})

describe('critical headers (RFC 7515 4.1.11)', () => {
  it('refuses every critical extension, known elsewhere or not', async () => {
    for (const header of [
      { crit: ['b64'], b64: true },
      { crit: ['b64'], b64: false },
      { crit: ['x'], x: 1 },
      { crit: [] },
    ])
      expect(await codeOf(verify(studio.sign({}, header)))).toBe('token_malformed')
  })
})

describe('3.11 and 3.12 kinds of token are told apart', () => {
  const secret = Buffer.from('the relay secret of at least 32 bytes, all of them its own')
  const sessions = createSessionTokens([secret], { clock })

  it('refuses a typ of another kind, however well signed', async () => {
    for (const typ of ['at+jwt', 'logout+jwt', 'secevent+jwt', 'medkit-session+jwt', 'application/at+jwt', '', 5])
      expect(await codeOf(verify(studio.sign({}, { typ })))).toBe('token_malformed')
  })

  it("never takes a session of the relay for a studio's token, even with one shared secret for both", async () => {
    const shared = secret.toString()
    const hmac = createStudioVerifier(game, { secret: shared }, { clock })
    const { token } = await sessions.issue({ game, subject: 'anon:1', kind: 'anonymous', lifetimeSeconds: 60 })
    expect(await codeOf(hmac.verify(token))).toBe('token_malformed')
    const renamed = token.replace(/^[^.]+/, base64url('{"alg":"HS256","typ":"JWT"}'))
    expect(await codeOf(hmac.verify(renamed))).toBe('token_bad_signature')
  })

  it("never takes a studio's token for a session of the relay, even with one shared secret for both", async () => {
    const claims = { iss: 'medkit', jti: 'x', ...soundClaims, sub: 'anon:1' }
    for (const typ of ['JWT', 'medkit-session+jwt'])
      expect(await codeOf(sessions.verify(signWithHmac(secret, { alg: 'HS256', typ }, claims)))).toBe(
        'token_bad_signature',
      )
    const pem = attach('{"alg":"RS256","typ":"medkit-session+jwt"}', JSON.stringify(claims), (input) =>
      signRs256(rsaKeyPair(2_048).privateKey, input),
    )
    expect(await codeOf(sessions.verify(pem))).toBe('token_bad_signature')
  })
})
