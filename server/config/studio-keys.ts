/**
 * What a studio configures so that its tokens are believed, and which algorithms each kind of key is pinned to: RFC 8725
 * 3.1, a key is never used with an algorithm of another kind, whatever a token's header asks for.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'

/** Exactly one of three: where the public keys are published, the public key in PEM, or a shared secret for HS256. */
export type StudioKeys = { jwksUrl: string } | { publicKey: string } | { secret: string }

export type StudioConfig = StudioKeys & {
  /** Narrows what the kind of key allows; never widens it. */
  algorithms?: readonly string[] | undefined
  /** When given, `iss` must be this. */
  issuer?: string | undefined
  /** What `aud` must name; the game's key when absent. */
  audience?: string | undefined
}

/** One thing wrong with a {@link StudioConfig}. The message never repeats a key or a secret. */
export interface StudioConfigMistake {
  path: 'jwksUrl' | 'publicKey' | 'secret' | 'algorithms'
  message: string
}

const asymmetric = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA'] as const

/** RFC 7518 3.2: the key of HS256 is at least as long as its hash. */
const minSharedSecretBytes = 32

/** Every mistake at once, in plain words; empty when the keys can be used. Reads nothing from the network. */
export function findStudioConfigMistakes(config: StudioConfig): readonly StudioConfigMistake[] {
  const key = keyMistake(config)
  if (key) return [key]
  const algorithms = algorithmsMistake(config)
  return algorithms ? [{ path: 'algorithms', message: algorithms }] : []
}

/** The algorithms a token may name: those of the kind of key, narrowed by the configuration. */
export function pinnedAlgorithms(config: StudioConfig): readonly string[] {
  const allowed = allowedAlgorithms(config)
  return config.algorithms ? allowed.filter((algorithm) => config.algorithms?.includes(algorithm)) : allowed
}

/** The algorithms one public key can verify; none when the key is too weak or of a kind the relay does not take. */
export function algorithmsOfKey(key: KeyObject): readonly string[] {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') return isSoundModulus(modulusLength) ? ['RS256', 'RS384', 'RS512'] : []
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA']
  if (key.asymmetricKeyType !== 'ec') return []
  if (namedCurve === 'prime256v1') return ['ES256']
  return namedCurve === 'secp384r1' ? ['ES384'] : []
}

/** Why {@link algorithmsOfKey} is empty, in plain words. */
export function describeUnusableKey(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'an RSA key must have 2048 to 8192 bits'
  return 'the key must be RSA, EC on P-256 or P-384, or Ed25519'
}

/** @throws when the text is no public key; {@link findStudioConfigMistakes} says so in words first */
export function readPublicKey(pem: string): KeyObject {
  return createPublicKey(pem)
}

/** RFC 8725 3.5: short keys are guessed. Above 8192 bits a signature costs more than a request is worth. */
function isSoundModulus(bits: number | undefined): boolean {
  return bits !== undefined && bits >= 2_048 && bits <= 8_192
}

function allowedAlgorithms(config: StudioConfig): readonly string[] {
  if ('secret' in config) return ['HS256']
  return 'publicKey' in config ? algorithmsOfKey(readPublicKey(config.publicKey)) : asymmetric
}

function keyMistake(config: StudioConfig): StudioConfigMistake | undefined {
  if ('jwksUrl' in config) return withPath('jwksUrl', jwksUrlMistake(config.jwksUrl))
  if ('publicKey' in config) return withPath('publicKey', publicKeyMistake(config.publicKey))
  return withPath('secret', secretMistake(config.secret))
}

function withPath(path: StudioConfigMistake['path'], message: string | undefined): StudioConfigMistake | undefined {
  return message === undefined ? undefined : { path, message }
}

function jwksUrlMistake(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url) return 'this is not a URL'
  if (url.username !== '' || url.password !== '') return 'a key set URL must carry no user name or password'
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  return secure ? undefined : 'a key set must be read over https, except from this machine itself'
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function publicKeyMistake(pem: string): string | undefined {
  if (pem.includes('PRIVATE KEY'))
    return 'this is a private key: keep it on the backend that signs, and give the relay the public half only'
  try {
    const key = readPublicKey(pem)
    return algorithmsOfKey(key).length > 0 ? undefined : describeUnusableKey(key)
  } catch {
    return 'this is not a public key in PEM ("-----BEGIN PUBLIC KEY-----" …)'
  }
}

function secretMistake(secret: string): string | undefined {
  const bytes = Buffer.from(secret)
  // RFC 8725 2.1: a public key handed to HMAC as its secret is the classic forgery.
  if (secret.includes('-----BEGIN ')) return 'this is a PEM key: put a public key under "publicKey"'
  if (bytes.byteLength < minSharedSecretBytes) return `a shared secret must have ${minSharedSecretBytes} bytes or more`
  // RFC 8725 3.5: "Human-memorizable passwords MUST NOT be directly used as the key".
  return new Set(bytes).size < 10 ? 'this secret repeats itself: use 32 or more random bytes' : undefined
}

function algorithmsMistake(config: StudioConfig): string | undefined {
  const allowed = allowedAlgorithms(config)
  const foreign = config.algorithms?.filter((algorithm) => !allowed.includes(algorithm)) ?? []
  if (foreign.length > 0) return `this key allows only ${allowed.join(', ')}`
  return config.algorithms?.length === 0 ? 'an empty list lets no token in: name one or leave it out' : undefined
}
