/** Whatever is put before it, a verifier lets in what is sound or throws TokenRefused: nothing else. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tokenProblemCodes } from '../../../server/contract/problem-code.ts'
import { inspectToken } from '../../../server/players/inspect.ts'
import { createSessionTokens } from '../../../server/players/session.ts'
import { createStudioVerifier } from '../../../server/players/studio-token.ts'
import { claimedAudiences } from '../../../server/players/token-parts.ts'
import { TokenRefused } from '../../../server/players/token-refused.ts'
import { base64url, createStudio, createTestClock, game, noon, soundClaims } from '../../fixtures/studio.ts'

const studio = createStudio('EdDSA')
const clock = createTestClock()
const { verify } = createStudioVerifier(game, studio.config, { clock })
const sessions = createSessionTokens([Buffer.alloc(40, 'a relay secret')], { clock })

/** Fixed, so that a failure is a failure for everyone. */
const run = { numRuns: 1_500, seed: 8725 }

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.base64String({ maxLength: 60 }),
  fc.json().map((text) => base64url(text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => base64url(bytes)),
)
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.array(part, { maxLength: 6 }).map(joined))

/** Sound claims with some replaced by anything JSON can say. */
const anyClaims = fc
  .dictionary(
    fc.constantFrom('sub', 'aud', 'iss', 'exp', 'iat', 'nbf', 'name', 'email', 'locale', 'metadata', '__proto__', 'x'),
    fc.oneof(
      fc.jsonValue(),
      fc.double(),
      fc.constantFrom(0, -1, soundClaims.iat, soundClaims.exp, 1e300, game, [game], 'anon:1'),
    ),
    { maxKeys: 4 },
  )
  .map((changed) => ({ ...soundClaims, ...changed }))

const anyHeader = fc.dictionary(
  fc.constantFrom('alg', 'typ', 'kid', 'crit', 'jku', 'jwk', 'x5c', 'b64', 'cty', 'zip'),
  fc.oneof(fc.jsonValue(), fc.constantFrom('EdDSA', 'none', 'HS256', 'JWT')),
  { maxKeys: 3 },
)

function joined(parts: string[]): string {
  return parts.join('.')
}

async function outcomeOf(verifying: Promise<unknown>): Promise<string> {
  try {
    await verifying
    return 'accepted'
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRefused)
    return error instanceof TokenRefused ? error.code : 'other'
  }
}

it('any text is refused with a documented code', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      expect(tokenProblemCodes).toContain(await outcomeOf(verify(text)))
      expect(tokenProblemCodes).toContain(await outcomeOf(sessions.verify(text)))
      expect(sessions.isOurs(text)).toBe(false)
      claimedAudiences(text)
    }),
    run,
  )
})

it('whatever a studio signs is accepted as what it says or refused, and the inspector agrees with the verifier', async () => {
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(anyClaims, anyHeader, async (claims, header) => {
      const token = studio.sign(claims, header)
      const outcome = await outcomeOf(verify(token))
      outcomes.add(outcome)
      const inspected = inspectToken(token, { now: noon, game: { key: game, jwt: studio.config }, signature: 'good' })
      expect(inspected.findings[0]?.code ?? 'accepted').toBe(outcome)
      if (outcome === 'accepted') expect((await verify(token)).subject).toBe(claims.sub)
    }),
    run,
  )
  // The run has to have met both worlds to mean anything.
  expect([...outcomes]).toEqual(expect.arrayContaining(['accepted', 'token_missing_claim', 'token_malformed']))
})

it('no change of one character in a signed token is accepted', async () => {
  const token = studio.sign()
  await fc.assert(
    fc.asyncProperty(
      fc.nat(token.length - 1),
      fc.string({ unit: 'grapheme-ascii', minLength: 0, maxLength: 2 }),
      async (at, text) => {
        fc.pre(text !== token[at])
        expect(await outcomeOf(verify(token.slice(0, at) + text + token.slice(at + 1)))).not.toBe('accepted')
      },
    ),
    run,
  )
})

it('a verifier whose key server talks nonsense throws nothing else either', async () => {
  const nonsense = fc.oneof(
    fc.json(),
    fc.string(),
    fc.jsonValue().map((keys) => JSON.stringify({ keys: [keys, keys] })),
  )
  await fc.assert(
    fc.asyncProperty(nonsense, fc.integer({ min: 200, max: 599 }), async (body, status) => {
      const answer = async () => new Response([204, 205, 304].includes(status) ? null : body, { status })
      const parts = { clock, fetch: answer }
      const published = createStudioVerifier(game, { jwksUrl: 'https://studio.example/jwks.json' }, parts)
      expect(await outcomeOf(published.verify(studio.sign()))).toBe('token_bad_signature')
    }),
    { ...run, numRuns: 300 },
  )
})
