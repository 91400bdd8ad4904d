/** Verifies the token a studio signs for its player, or says with one code why not. */
import type { KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import { findStudioConfigMistakes, pinnedAlgorithms, readPublicKey, type StudioConfig } from '../config/studio-keys.ts'
import type { Clock } from '../runtime/clock.ts'
import { createKeySet } from './key-set.ts'
import type { KeySetFailure } from './key-set-reading.ts'
import { type SignedProfile, signedProfileOf } from './signed-profile.ts'
import { type ClaimRefusal, claimRefusals, type Expected, headerRefusals, skewSeconds } from './studio-claims.ts'
import { readTokenParts } from './token-parts.ts'
import { TokenRefused } from './token-refused.ts'

/** What the studio signed about a player. Optional fields of the wrong shape are absent. */
export interface StudioClaims extends SignedProfile {
  /** The studio's player id: never empty, at most 255 characters, never in the relay's own `anon:` or `email:` form. */
  subject: string
  expiresAt: Date
}

/** A token that was verified. */
export interface Genuine {
  claims: StudioClaims
  /** Whether it is good still: it has not run out, and the key that signed it is still one of the studio's. */
  isGood: () => Promise<boolean>
}

export interface StudioVerifier {
  /** @throws TokenRefused, and nothing else */
  verify: (token: string) => Promise<StudioClaims>
  /** The same, for who remembers it. @throws TokenRefused, and nothing else */
  judge: (token: string) => Promise<Genuine>
}

export interface StudioVerifierParts {
  clock: Clock
  fetch?: typeof fetch
  /** Told of every failed read of the studio's key server, and of every key in it that cannot be used. */
  onJwksFailure?: (failure: KeySetFailure & { game: string }) => void
  /** For one read of the key server, body and all. Default 5,000. */
  jwksTimeoutMs?: number
}

type Verifiable = KeyObject | Uint8Array
interface Wanted {
  kid: string | undefined
  alg: string
}
type FindKeys = (wanted: Wanted) => Promise<readonly Verifiable[]>

/** @throws TypeError for a configuration that `findStudioConfigMistakes` would object to */
export function createStudioVerifier(game: string, config: StudioConfig, parts: StudioVerifierParts): StudioVerifier {
  const [mistake] = findStudioConfigMistakes(config)
  if (mistake) throw new TypeError(`${mistake.path}: ${mistake.message}`)
  const expected = expectationsOf(game, config)
  const findKeys = keysOf(game, config, parts)
  const judgeIt = (token: string) => judge(token, expected, findKeys, parts.clock)
  return { judge: judgeIt, verify: async (token) => (await judgeIt(token)).claims }
}

/** What a token for this game has to fit. */
export function expectationsOf(game: string, config: StudioConfig): Expected {
  return { audience: config.audience ?? game, issuer: config.issuer, algorithms: pinnedAlgorithms(config) }
}

async function judge(token: string, expected: Expected, findKeys: FindKeys, clock: Clock): Promise<Genuine> {
  const { header, claims } = readTokenParts(token)
  refuseFirst(headerRefusals(header, expected))
  const wanted = { kid: typeof header.kid === 'string' ? header.kid : undefined, alg: String(header.alg) }
  const key = await checkSignature(token, wanted, findKeys)
  const judgedAt = clock.now().getTime()
  refuseFirst(claimRefusals(claims, expected, new Date(judgedAt)))
  const expiresAt = new Date(Number(claims.exp) * 1_000)
  return {
    claims: { ...signedProfileOf(claims), subject: String(claims.sub), expiresAt },
    isGood: async () => {
      const now = clock.now().getTime()
      // A clock that was set back may have come to before the token's beginning.
      if (now < judgedAt || now - skewSeconds * 1_000 >= expiresAt.getTime()) return false
      // Reads the studio's keys again when it is time to; those of a new reading are other objects.
      return (await findKeys(wanted)).includes(key)
    },
  }
}

function refuseFirst([first]: readonly ClaimRefusal[]): void {
  if (first) throw new TokenRefused(first.code, first.reason)
}

/**
 * Of the header only `alg`, already pinned, and `kid`, compared for equality with keys already trusted, have a say.
 * `jku`, `jwk`, `x5u` and `x5c` would let a token bring its own key (RFC 8725 3.10) and are never read.
 */
async function checkSignature(token: string, wanted: Wanted, findKeys: FindKeys): Promise<Verifiable> {
  const keys = await findKeys(wanted)
  if (keys.length === 0) throw new TokenRefused('token_bad_signature', 'no key of the studio fits "kid" and "alg"')
  for (const key of keys) if (await isSignedBy(key, token, wanted.alg)) return key
  throw new TokenRefused('token_bad_signature', "the signature was not made with the studio's key")
}

async function isSignedBy(key: Verifiable, token: string, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

function keysOf(game: string, config: StudioConfig, parts: StudioVerifierParts): FindKeys {
  if ('jwksUrl' in config) return publishedKeys(game, config.jwksUrl, parts)
  const key = 'secret' in config ? Buffer.from(config.secret) : readPublicKey(config.publicKey)
  return async () => [key]
}

function publishedKeys(game: string, jwksUrl: string, parts: StudioVerifierParts): FindKeys {
  const keySet = createKeySet(new URL(jwksUrl), {
    clock: parts.clock,
    fetch: parts.fetch ?? fetch,
    timeoutMs: parts.jwksTimeoutMs ?? 5_000,
    onFailure: (failure) => parts.onJwksFailure?.({ ...failure, game }),
  })
  return keySet.find
}
