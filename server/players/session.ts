/**
 * Tokens the relay issues itself, to anonymous and e-mail players. Their own `typ`, issuer and key keep them from ever
 * being taken for a studio's (RFC 8725 3.11, 3.12).
 */
import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { type DerivedKeys, deriveKeys, type RelaySecrets } from '../runtime/derived-keys.ts'
import { readTokenParts } from './token-parts.ts'
import { TokenRefused } from './token-refused.ts'

const typ = 'medkit-session+jwt'
const issuer = 'medkit'

export type SessionKind = 'anonymous' | 'email'

/** How long a session lasts. */
export const sessionDays = 30

export interface SessionPlayer {
  game: string
  /** `anon:<uuid>` or `email:<hash>`, as `kind` has it. */
  subject: string
  kind: SessionKind
  /**
   * Of the recovery key that was given with it: the ledger need not know a player who has written nothing. SHA-256 of 140
   * random bits tells nobody the key.
   */
  recoveryHash?: string | undefined
}

export interface VerifiedSession extends SessionPlayer {
  /** 22 characters of base64url: what sign-out remembers. */
  sessionId: string
  expiresAt: Date
}

export interface IssuedSession {
  token: string
  sessionId: string
  expiresAt: Date
}

export interface SessionTokens {
  issue: (player: SessionPlayer & { lifetimeSeconds: number }) => Promise<IssuedSession>
  /** Says nothing about sign-out: that is the ledger's to know. @throws TokenRefused */
  verify: (token: string) => Promise<VerifiedSession>
  /** By the unverified header alone: chooses a verifier, proves nothing. */
  isOurs: (token: string) => boolean
}

/** @param secrets - the relay's own, 32 bytes or more each. @throws RangeError when one is shorter */
export function createSessionTokens(secrets: RelaySecrets, parts: { clock: { now: () => Date } }): SessionTokens {
  const keys = deriveKeys(secrets, 'session token')
  return {
    issue: (player) => issue(keys[0], player, parts.clock.now()),
    verify: (token) => verify(keys, token, parts.clock.now()),
    isOurs,
  }
}

async function issue(
  key: Uint8Array,
  player: SessionPlayer & { lifetimeSeconds: number },
  now: Date,
): Promise<IssuedSession> {
  if (kindOf(player.subject) !== player.kind) throw new TypeError('the subject does not fit the kind of player')
  const sessionId = randomBytes(16).toString('base64url')
  const issuedAt = Math.floor(now.getTime() / 1_000)
  const expiresAt = issuedAt + player.lifetimeSeconds
  const claims = { iss: issuer, aud: player.game, sub: player.subject, jti: sessionId, rec: player.recoveryHash }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ })
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key)
  return { token, sessionId, expiresAt: new Date(expiresAt * 1_000) }
}

async function verify([key, ...older]: DerivedKeys, token: string, now: Date): Promise<VerifiedSession> {
  readTokenParts(token)
  try {
    const options = {
      typ,
      issuer,
      algorithms: ['HS256'],
      currentDate: now,
      requiredClaims: ['exp', 'aud', 'sub', 'jti'],
    }
    return sessionOf((await jwtVerify(token, key, options)).payload)
  } catch (error) {
    const [next, ...rest] = older
    if (next && error instanceof errors.JWSSignatureVerificationFailed) return verify([next, ...rest], token, now)
    throw refusalOf(error)
  }
}

/** Past the signature only our own words are left, so a claim that does not fit is a forgery of nobody: malformed. */
function sessionOf({ aud, sub, jti, exp, rec }: JWTPayload): VerifiedSession {
  const kind = kindOf(sub)
  if (typeof aud !== 'string' || !sub || !kind || !jti || exp === undefined)
    throw new TokenRefused('token_malformed', 'this is not a session the relay would write')
  const recoveryHash = typeof rec === 'string' ? rec : undefined
  return { game: aud, subject: sub, kind, sessionId: jti, expiresAt: new Date(exp * 1_000), recoveryHash }
}

function kindOf(subject: string | undefined): SessionKind | undefined {
  if (subject?.startsWith('anon:')) return 'anonymous'
  return subject?.startsWith('email:') ? 'email' : undefined
}

function refusalOf(error: unknown): TokenRefused {
  if (error instanceof TokenRefused) return error
  if (error instanceof errors.JWTExpired) return new TokenRefused('token_expired', 'the session is over')
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed)
    return new TokenRefused('token_bad_signature', 'the session was not signed by this relay')
  return new TokenRefused('token_malformed', 'this is not a session of this relay')
}

function isOurs(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === typ
  } catch {
    return false
  }
}
