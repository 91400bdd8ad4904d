/** A studio's backend as the tests need it: keys of its own, and a pen that writes any token, sound or not. */
import {
  createHmac,
  createSign,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import type { StudioConfig } from '../../server/players/studio-keys.ts'

export const game = 'star-harbor'

/** A moment all tests share. */
export const noon = new Date('2026-03-01T12:00:00Z')
export const noonSeconds = noon.getTime() / 1_000

export interface TestClock {
  now: () => Date
  pass: (ms: number) => void
}

export function createTestClock(start = noon): TestClock {
  let time = start.getTime()
  return {
    now: () => new Date(time),
    pass: (ms) => {
      time += ms
    },
  }
}

export type Alg = 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'EdDSA'

export interface Studio {
  alg: Alg
  publicPem: string
  config: StudioConfig
  publicJwk: (kid?: string) => JsonWebKey
  /** Signs a sound token; what is given replaces single claims and header members, `undefined` takes them out. */
  sign: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => string
  /** Signs exactly these two texts. */
  signText: (header: string, payload: string | Uint8Array) => string
}

export const soundClaims = { sub: 'player-1', aud: game, iat: noonSeconds, exp: noonSeconds + 3_600 }

export function createStudio(alg: Alg = 'ES256'): Studio {
  const { publicKey, privateKey } = keyPair(alg)
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const signText = (header: string, payload: string | Uint8Array) =>
    attach(header, payload, (input) => signInput(alg, input, privateKey))
  return {
    alg,
    publicPem,
    config: { publicKey: publicPem },
    publicJwk: (kid) => ({ ...publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) }),
    sign: (claims = {}, header = {}) =>
      signText(JSON.stringify({ alg, typ: 'JWT', ...header }), JSON.stringify({ ...soundClaims, ...claims })),
    signText,
  }
}

/** An HMAC over any key: what a forger writes who holds only public things. */
export function signWithHmac(
  secret: string | Uint8Array,
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
) {
  const hmac = (input: string) => createHmac('sha256', secret).update(input).digest()
  return attach(JSON.stringify(header), JSON.stringify(claims), hmac)
}

export function attach(header: string, payload: string | Uint8Array, signer: (input: string) => Uint8Array): string {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${base64url(signer(input))}`
}

export function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}

export function rsaKeyPair(modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength })
}

export function signRs256(privateKey: KeyObject, input: string): Uint8Array {
  return createSign('sha256').update(input).sign(privateKey)
}

function keyPair(alg: Alg): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return alg === 'ES384' ? generateKeyPairSync('ec', { namedCurve: 'P-384' }) : rsaKeyPair(2_048)
}

function signInput(alg: Alg, input: string, key: KeyObject): Uint8Array {
  if (alg === 'EdDSA') return signBytes(null, Buffer.from(input), key)
  return signBytes(`sha${alg.slice(2)}`, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
}
