/** Takes a compact JWS apart, believing nothing: what is read here is what the token says, not what is so. */
import { parseStrictObject } from '../runtime/strict-json.ts'
import { TokenRefused } from './token-refused.ts'

/** A bearer longer than this is refused before a byte of it is decoded. */
const maxTokenBytes = 8_192

export interface TokenParts {
  header: Record<string, unknown>
  claims: Record<string, unknown>
}

/**
 * Decodes header and claims without checking a signature.
 *
 * @throws TokenRefused `token_missing` or `token_malformed`
 */
export function readTokenParts(token: string): TokenParts {
  if (token === '') throw new TokenRefused('token_missing', 'there is no token')
  if (token.length > maxTokenBytes) throw new TokenRefused('token_malformed', 'the token is over 8 KiB')
  const [header, claims, signature, ...rest] = token.split('.')
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0)
    throw new TokenRefused('token_malformed', 'a token is three base64url parts joined by dots')
  if (decodePart(signature) === undefined)
    throw new TokenRefused('token_malformed', 'the signature is not base64url without padding')
  return { header: readObject(header, 'header'), claims: readObject(claims, 'payload') }
}

/**
 * The audiences a token claims, so that a caller can choose the game whose verifier is to judge it.
 *
 * @returns an empty list for anything unreadable
 */
export function claimedAudiences(token: string): readonly string[] {
  try {
    return audiencesOf(readTokenParts(token).claims)
  } catch {
    return []
  }
}

/** RFC 7519 4.1.3: `aud` is a string or an array of strings; anything else is no audience at all. */
export function audiencesOf(claims: Record<string, unknown>): readonly string[] {
  const listed = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  return listed.every((audience) => typeof audience === 'string') ? listed : []
}

function readObject(part: string, name: 'header' | 'payload'): Record<string, unknown> {
  const bytes = decodePart(part)
  if (bytes === undefined) throw new TokenRefused('token_malformed', `the ${name} is not base64url without padding`)
  const value = parseStrictObject(bytes)
  if (!value) throw new TokenRefused('token_malformed', `the ${name} is not one JSON object with each member once`)
  return value
}

/** Strict where `Buffer` is lenient: one text for one value, so no two spellings of a token are the same token. */
function decodePart(part: string): Uint8Array | undefined {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : undefined
}
