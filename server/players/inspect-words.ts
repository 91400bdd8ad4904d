/** How to mend a refused token: a sentence for every code, and a sharper one where the usual mistake can be seen. */
import type { TokenProblemCode } from '../contract/problem-code.ts'
import type { TokenParts } from './token-parts.ts'

export const mending: Readonly<Record<TokenProblemCode, string>> = {
  token_missing: 'Send the token as "Authorization: Bearer <token>", or give it to the widget.',
  token_malformed: 'Sign with a JWT library and pass its result on as it is: three base64url parts joined by dots.',
  token_expired: 'Make a fresh token when the widget asks for one, and check that the backend keeps its clock by NTP.',
  token_not_yet_valid:
    'Set "iat" to the time of signing and leave "nbf" out; check that the backend keeps its clock by NTP.',
  token_bad_signature:
    'Sign with the key whose public half the relay is configured with, in one of the algorithms it allows, and name the right "kid".',
  token_wrong_audience: 'Set "aud" to the key of the game in the relay\'s configuration, or to its "audience" there.',
  token_wrong_issuer: 'Set "iss" to exactly the "issuer" in the relay\'s configuration.',
  token_missing_claim:
    'Give the token "sub", "aud", "iat" and "exp" (and "iss" where the configuration names an issuer).',
  token_too_long_lived: 'Let "exp" be at most 24 hours after "iat"; an hour is plenty, the widget asks again.',
}

type Hint = (jwt: string, parts: TokenParts) => string | undefined

const hints: Partial<Record<TokenProblemCode, readonly Hint[]>> = {
  token_malformed: [typHint],
  token_not_yet_valid: [millisecondsHint],
  token_too_long_lived: [millisecondsHint],
  token_bad_signature: [algorithmHint],
  token_missing_claim: [subjectHint, timeHint, userIdHint],
}

/** @returns `undefined` when nothing better than {@link mending} can be said */
export function hintFor(code: TokenProblemCode, jwt: string, parts: TokenParts | undefined): string | undefined {
  if (!parts) return code === 'token_malformed' ? shapeHint(jwt) : undefined
  for (const hint of hints[code] ?? []) {
    const words = hint(jwt, parts)
    if (words) return words
  }
  return undefined
}

function shapeHint(jwt: string): string | undefined {
  if (/^bearer\s/i.test(jwt)) return 'Leave "Bearer " off: only the token itself belongs here.'
  if (/^["']|["']$/.test(jwt)) return 'Take the quotation marks off the token.'
  if (/\s/.test(jwt)) return 'There are spaces or line breaks in the token: take them out.'
  if (jwt.split('.').length === 5) return 'This token is encrypted (JWE). The relay wants it signed (JWS).'
  if (/[+/=]/.test(jwt)) return 'This is base64; a token is base64url without padding. Use a JWT library.'
  if (jwt.length > 8_192) return 'Leave out of the token what support does not need; 8 KiB is the most the relay reads.'
  return undefined
}

function typHint(_: string, { header }: TokenParts): string | undefined {
  if (header.typ === 'at+jwt') return 'This is an access token for another API. Sign one for support, with "typ" JWT.'
  return 'crit' in header ? 'Sign without "crit": the relay knows no critical extensions.' : undefined
}

/** Seconds since 1970 have ten digits until the year 2286. */
function millisecondsHint(_: string, { claims }: TokenParts): string | undefined {
  const inMilliseconds = ['iat', 'nbf', 'exp'].filter((name) => Number(claims[name]) > 1e11)
  if (inMilliseconds.length === 0) return undefined
  return `"${inMilliseconds.join('", "')}" look like milliseconds. JWT counts in seconds: divide by 1000 and round down.`
}

function algorithmHint(_: string, { header }: TokenParts): string | undefined {
  if (String(header.alg).toLowerCase() === 'none') return 'The token is not signed at all ("alg": "none"). Sign it.'
  if (typeof header.alg === 'string' && header.alg.startsWith('HS'))
    return 'HS256 is accepted only where the relay is configured with a shared "secret"; with a public key or a JWKS, sign with the private key.'
  return undefined
}

function subjectHint(_: string, { claims }: TokenParts): string | undefined {
  const { sub } = claims
  if (typeof sub === 'number') return 'Write "sub" as a string, even where the player\'s id is a number.'
  if (typeof sub === 'string' && /^(anon|email):/i.test(sub))
    return 'Put something of your own before the id, such as "player:".'
  return undefined
}

function timeHint(_: string, { claims }: TokenParts): string | undefined {
  const asText = ['iat', 'exp'].filter((name) => typeof claims[name] === 'string')
  return asText.length > 0 ? `Write "${asText.join('", "')}" as a number of seconds, not as text.` : undefined
}

function userIdHint(_: string, { claims }: TokenParts): string | undefined {
  const elsewhere = ['player_id', 'playerId', 'user_id', 'userId', 'uid', 'id'].find((name) => name in claims)
  return elsewhere && !('sub' in claims)
    ? `The player's id seems to be in "${elsewhere}"; it belongs in "sub".`
    : undefined
}
