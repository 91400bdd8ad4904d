/** What is said of a studio's keys before the relay listens. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { findStudioConfigMistakes, pinnedAlgorithms, type StudioConfig } from '../../../server/config/studio-keys.ts'
import { createStudio, rsaKeyPair } from '../../fixtures/studio.ts'

const goodSecret = 'a long enough secret with many different bytes'

describe('sound keys', () => {
  it.each(['RS256', 'ES256', 'ES384', 'EdDSA'] as const)('a public key for %s is pinned to its own kind', (alg) => {
    const { config } = createStudio(alg)
    expect(findStudioConfigMistakes(config)).toEqual([])
    expect(pinnedAlgorithms(config)).toEqual(alg === 'RS256' ? ['RS256', 'RS384', 'RS512'] : [alg])
  })

  it('the older PEM form of an RSA key is taken too', () => {
    const publicKey = rsaKeyPair(2_048).publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(findStudioConfigMistakes({ publicKey })).toEqual([])
  })

  it('a shared secret is pinned to HS256, and a key set to everything but', () => {
    expect(pinnedAlgorithms({ secret: goodSecret })).toEqual(['HS256'])
    expect(pinnedAlgorithms({ jwksUrl: 'https://studio.example/jwks.json' })).not.toContain('HS256')
  })

  it('a configuration narrows the algorithms', () => {
    const config = { jwksUrl: 'https://studio.example/jwks.json', algorithms: ['ES256'] }
    expect(findStudioConfigMistakes(config)).toEqual([])
    expect(pinnedAlgorithms(config)).toEqual(['ES256'])
  })

  it.each(['https://studio.example/a', 'http://127.0.0.1:9/a', 'http://localhost/a', 'http://[::1]:9/a'])(
    'a key set may be read from %s',
    (jwksUrl) => {
      expect(findStudioConfigMistakes({ jwksUrl })).toEqual([])
    },
  )
})

describe('mistakes', () => {
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey.export({ type: 'spki', format: 'pem' })
  const privatePem = rsaKeyPair(2_048).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const cases: [string, StudioConfig, string, RegExp][] = [
    ['a key set over plain http', { jwksUrl: 'http://studio.example/a' }, 'jwksUrl', /https/],
    ['a host that only looks like this machine', { jwksUrl: 'http://127.0.0.1.studio.example/a' }, 'jwksUrl', /https/],
    ['a key set in a file', { jwksUrl: 'file:///etc/jwks.json' }, 'jwksUrl', /https/],
    ['a key set behind a password', { jwksUrl: 'https://a:b@studio.example/a' }, 'jwksUrl', /password/],
    ['a key set that is no URL', { jwksUrl: 'jwks.json' }, 'jwksUrl', /not a URL/],
    ['a private key', { publicKey: privatePem }, 'publicKey', /private key/],
    ['no key at all', { publicKey: '-----BEGIN PUBLIC KEY-----\nhello\n-----END PUBLIC KEY-----' }, 'publicKey', /PEM/],
    ['a curve that is not ours', { publicKey: p521.toString() }, 'publicKey', /P-256/],
    ['an algorithm of another kind', { secret: goodSecret, algorithms: ['RS256'] }, 'algorithms', /HS256/],
    ['no algorithm at all', { secret: goodSecret, algorithms: [] }, 'algorithms', /no token/],
    ['a short secret', { secret: 'hunter2' }, 'secret', /32/],
  ]

  it.each(cases)('%s', (_, config, path, words) => {
    const mistakes = findStudioConfigMistakes(config)
    expect(mistakes).toEqual([{ path, message: expect.stringMatching(words) }])
  })

  it('are told without repeating a key or a secret', () => {
    for (const [, config] of cases) {
      const told = JSON.stringify(findStudioConfigMistakes(config))
      expect(told).not.toContain('hunter2')
      expect(told).not.toContain(privatePem.slice(40, 80))
    }
  })
})
