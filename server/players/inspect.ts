/**
 * Reads a studio's token the way the verifier does and says, in plain words, what is in it, what is wrong and how to mend
 * it. Pure and offline: whether the signature is good is for the caller to find out and hand in. The signature itself is
 * never in what comes back, so a pasted report lets nobody in.
 */

import type { StudioConfig } from '../config/studio-keys.ts'
import type { TokenProblemCode } from '../contract/problem-code.ts'
import { isObject } from '../runtime/strict-json.ts'
import { hintFor, mending } from './inspect-words.ts'
import { signedProfileOf } from './signed-profile.ts'
import { type ClaimRefusal, claimRefusals, type Expected, headerRefusals } from './studio-claims.ts'
import { expectationsOf, type StudioVerifier } from './studio-token.ts'
import { readTokenParts, type TokenParts } from './token-parts.ts'
import { TokenRefused } from './token-refused.ts'

export interface InspectOptions {
  now: Date
  /** Without a game, what depends on its configuration is not judged. */
  game?: { key: string; jwt: StudioConfig } | undefined
  /** From {@link judgeSignature}; absent when nobody has checked. */
  signature?: 'good' | 'bad' | undefined
}

export interface Finding {
  code: TokenProblemCode
  /** What is wrong. */
  problem: string
  /** What to change on the studio's backend. */
  mend: string
}

export interface Inspection {
  /** `unjudged`: nothing is wrong as far as can be seen without the game's configuration or its key. */
  verdict: 'accepted' | 'refused' | 'unjudged'
  /** Absent when it cannot be read. */
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  /** At most one a code, in the order in which the relay refuses: the first is the code the widget gets. */
  findings: readonly Finding[]
  /** True things worth knowing that refuse nobody: how long the token lives, what optional part was left out. */
  notes: readonly string[]
}

export function inspectToken(jwt: string, options: InspectOptions): Inspection {
  const parts = readParts(jwt)
  if (parts instanceof TokenRefused) {
    const refusal: ClaimRefusal = { code: 'token_malformed', reason: parts.reason }
    const code = parts.code === 'token_missing' ? parts.code : refusal.code
    return { verdict: 'refused', findings: [findingOf({ ...refusal, code }, hintFor(code, jwt, undefined))], notes: [] }
  }
  const findings = oncePerCode(refusalsOf(parts, options)).map((refusal) =>
    findingOf(refusal, hintFor(refusal.code, jwt, parts)),
  )
  return { verdict: verdictOf(findings, options), ...parts, findings, notes: notesOn(parts, options) }
}

/** Asks a verifier for nothing but its opinion of the signature. */
export async function judgeSignature(verifier: StudioVerifier, jwt: string): Promise<'good' | 'bad' | undefined> {
  try {
    await verifier.verify(jwt)
    return 'good'
  } catch (error) {
    if (!(error instanceof TokenRefused) || error.code === 'token_malformed' || error.code === 'token_missing')
      return undefined
    // The signature comes before every claim, so any later refusal means that it was good.
    return error.code === 'token_bad_signature' ? 'bad' : 'good'
  }
}

function readParts(jwt: string): TokenParts | TokenRefused {
  try {
    return readTokenParts(jwt)
  } catch (error) {
    if (error instanceof TokenRefused) return error
    throw error
  }
}

function refusalsOf({ header, claims }: TokenParts, { game, now, signature }: InspectOptions): readonly ClaimRefusal[] {
  const expected = game ? expectationsOf(game.key, game.jwt) : anything(header, claims)
  const inHeader = headerRefusals(header, expected)
  const badSignature: ClaimRefusal[] =
    signature === 'bad'
      ? [{ code: 'token_bad_signature', reason: "the signature was not made with the studio's key" }]
      : []
  return [...inHeader, ...badSignature, ...claimRefusals(claims, expected, now)]
}

/** Without a configuration every audience and every safe algorithm will do. */
function anything(header: Record<string, unknown>, claims: Record<string, unknown>): Expected {
  const alg = typeof header.alg === 'string' && header.alg.toLowerCase() !== 'none' ? [header.alg] : []
  const audience = Array.isArray(claims.aud) ? claims.aud[0] : claims.aud
  return { audience: String(audience), issuer: undefined, algorithms: alg }
}

function oncePerCode(refusals: readonly ClaimRefusal[]): readonly ClaimRefusal[] {
  const reasons = Map.groupBy(refusals, (refusal) => refusal.code)
  return [...reasons].map(([code, same]) => ({ code, reason: same.map(({ reason }) => reason).join('; ') }))
}

function findingOf({ code, reason }: ClaimRefusal, hint: string | undefined): Finding {
  return { code, problem: reason, mend: hint ?? mending[code] }
}

function verdictOf(findings: readonly Finding[], { game, signature }: InspectOptions): Inspection['verdict'] {
  if (findings.length > 0) return 'refused'
  return game && signature === 'good' ? 'accepted' : 'unjudged'
}

function notesOn({ header, claims }: TokenParts, { game, now, signature }: InspectOptions): readonly string[] {
  return [
    ...(game ? [] : ['No game was named, so audience, issuer and algorithm were not judged.']),
    ...(signature === undefined ? ['The signature was not checked.'] : []),
    ...lifeOf(claims, now),
    ...ignoredHeaders(header),
    ...leftOut(claims),
  ]
}

function lifeOf({ exp }: Record<string, unknown>, now: Date): readonly string[] {
  const seconds = typeof exp === 'number' ? Math.round(exp - now.getTime() / 1_000) : Number.NaN
  if (!Number.isFinite(seconds)) return []
  return [seconds >= 0 ? `It expires in ${duration(seconds)}.` : `It expired ${duration(-seconds)} ago.`]
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`
}

function ignoredHeaders(header: Record<string, unknown>): readonly string[] {
  const ignored = ['jku', 'jwk', 'x5u', 'x5c'].filter((name) => name in header)
  return ignored.map((name) => `The header "${name}" is ignored: a token does not choose the key that judges it.`)
}

/** Optional claims that were given and not understood. */
function leftOut(claims: Record<string, unknown>): readonly string[] {
  const { metadata, ...profile } = signedProfileOf(claims)
  const given = isObject(claims.metadata) ? claims.metadata : {}
  const names = [
    ...['name', 'email', 'locale'].filter((name) => name in claims && !(name in profile)),
    ...('metadata' in claims && !isObject(claims.metadata) ? ['metadata'] : []),
    ...Object.keys(given).flatMap((name) => (name in metadata ? [] : [`metadata.${name}`])),
    ...shorter('tags', given, metadata.tags?.length),
    ...shorter('fields', given, metadata.fields && Object.keys(metadata.fields).length),
  ]
  return names.map((name) => `"${name}" is not of the shape the relay knows; it is left out, in whole or in part.`)
}

function shorter(name: string, given: Record<string, unknown>, kept: number | undefined): readonly string[] {
  const value = given[name]
  const wanted = isObject(value) || Array.isArray(value) ? Object.keys(value).length : 0
  return kept !== undefined && kept < wanted ? [`metadata.${name}`] : []
}
