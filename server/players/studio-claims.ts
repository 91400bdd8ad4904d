/**
 * What a studio's token must say, judged one rule at a time. The order is fixed and puts what a fresh token cannot mend
 * before what it can, so that the first refusal names the real cause.
 */
import type { TokenProblemCode } from '../contract/problem-code.ts'
import { audiencesOf } from './token-parts.ts'

/** How far the studio's clock may be from ours. */
export const skewSeconds = 60
/** The longest a token may live, from `iat` to `exp`. */
const maxLifetimeSeconds = 24 * 60 * 60
const maxSubjectLength = 255

export interface ClaimRefusal {
  code: TokenProblemCode
  /** One of a fixed set of sentences; never a value of the token. */
  reason: string
}

export interface Expected {
  audience: string
  issuer: string | undefined
  algorithms: readonly string[]
}

type Bag = Record<string, unknown>
type Rule = [TokenProblemCode, (bag: Bag, expected: Expected, nowSeconds: number) => string | undefined]

const headerRules: readonly Rule[] = [
  ['token_malformed', ({ typ }) => typProblem(typ)],
  // RFC 7515 4.1.11: an extension that is not understood must be refused; the relay understands none.
  ['token_malformed', (header) => ('crit' in header ? 'the header lists critical extensions' : undefined)],
  ['token_malformed', ({ kid }) => (isStringOrAbsent(kid) ? undefined : '"kid" must be a string')],
  ['token_bad_signature', ({ alg }, { algorithms }) => algorithmProblem(alg, algorithms)],
]

const claimRules: readonly Rule[] = [
  ['token_missing_claim', ({ sub }) => subjectProblem(sub)],
  ['token_missing_claim', ({ exp }) => (isTime(exp) ? undefined : '"exp" must be a time in seconds, as a number')],
  ['token_missing_claim', ({ iat }) => (isTime(iat) ? undefined : '"iat" must be a time in seconds, as a number')],
  ['token_missing_claim', (claims) => (audiencesOf(claims).length > 0 ? undefined : '"aud" must name the game')],
  ['token_missing_claim', ({ iss }, { issuer }) => (issuer && iss === undefined ? '"iss" is missing' : undefined)],
  ['token_malformed', ({ nbf }) => (nbf === undefined || isTime(nbf) ? undefined : '"nbf" must be a number')],
  ['token_wrong_audience', audienceProblem],
  [
    'token_wrong_issuer',
    ({ iss }, { issuer }) => (issuer && iss !== issuer ? '"iss" is not the one configured' : undefined),
  ],
  ['token_too_long_lived', lifetimeProblem],
  ['token_not_yet_valid', ({ nbf }, _, now) => (isAhead(nbf, now) ? '"nbf" has not come yet' : undefined)],
  ['token_not_yet_valid', ({ iat }, _, now) => (isAhead(iat, now) ? '"iat" lies in the future' : undefined)],
  ['token_expired', ({ exp }, _, now) => (isTime(exp) && exp <= now - skewSeconds ? '"exp" has passed' : undefined)],
]

/** Everything wrong with a header, worst first. */
export function headerRefusals(header: Bag, expected: Expected): readonly ClaimRefusal[] {
  return apply(headerRules, header, expected, 0)
}

/** Everything wrong with the claims, worst first. */
export function claimRefusals(claims: Bag, expected: Expected, now: Date): readonly ClaimRefusal[] {
  return apply(claimRules, claims, expected, now.getTime() / 1_000)
}

function apply(rules: readonly Rule[], bag: Bag, expected: Expected, nowSeconds: number): readonly ClaimRefusal[] {
  return rules.flatMap(([code, rule]) => {
    const reason = rule(bag, expected, nowSeconds)
    return reason === undefined ? [] : [{ code, reason }]
  })
}

/** RFC 8725 3.11: a token made for another purpose (`at+jwt`, `logout+jwt`, the relay's own) is not a player's. */
function typProblem(typ: unknown): string | undefined {
  if (typ === undefined) return undefined
  const isJwt = typeof typ === 'string' && /^(application\/)?jwt$/i.test(typ)
  return isJwt ? undefined : '"typ" names another kind of token; it should be JWT'
}

function algorithmProblem(alg: unknown, algorithms: readonly string[]): string | undefined {
  return typeof alg === 'string' && algorithms.includes(alg) ? undefined : '"alg" is not one this game\'s key allows'
}

/** Past these, a subject is safe as a key of the ledger and as an id at a vendor. */
function subjectProblem(sub: unknown): string | undefined {
  if (typeof sub !== 'string' || sub.trim() === '') return '"sub" must be the player\'s id, as a string'
  if (sub.length > maxSubjectLength) return `"sub" is longer than ${maxSubjectLength} characters`
  if (/\p{Cc}/u.test(sub) || !sub.isWellFormed()) return '"sub" has characters no id should have'
  return /^(anon|email):/i.test(sub)
    ? '"sub" must not begin with "anon:" or "email:", which are the relay\'s own'
    : undefined
}

function audienceProblem(claims: Bag, { audience }: Expected): string | undefined {
  const audiences = audiencesOf(claims)
  return audiences.length === 0 || audiences.includes(audience) ? undefined : '"aud" does not name this game'
}

function lifetimeProblem({ iat, exp }: Bag): string | undefined {
  const tooLong = isTime(iat) && isTime(exp) && exp - iat > maxLifetimeSeconds
  return tooLong ? '"exp" is more than 24 hours after "iat"' : undefined
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isAhead(value: unknown, nowSeconds: number): boolean {
  return isTime(value) && value > nowSeconds + skewSeconds
}

function isStringOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
