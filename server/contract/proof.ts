/**
 * Proof of work, in the form of ALTCHA's second version: it costs a browser a second of computing, and nobody else is told
 * about it. The work is PBKDF2, which browsers have built in and so compute as fast as a program does on the same machine.
 */
import { z } from 'zod'
import { GameKey } from './ids.ts'

/** Bytes in hex. */
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

/**
 * Find the whole `counter`, from 0 on, for which PBKDF2 with HMAC-SHA-256 gives a key of `keyLength` bytes that begins with
 * `keyPrefix`: the password is `nonce` followed by the counter in four bytes, the highest first, and `cost` the number of
 * iterations. `expiresAt` is in seconds since 1970.
 */
export const ChallengeParameters = z.object({
  algorithm: z.literal('PBKDF2/SHA-256'),
  cost: z.int().min(1),
  expiresAt: z.int(),
  keyLength: z.literal(32),
  keyPrefix: hex(16),
  nonce: hex(16),
  salt: hex(16),
})

export const Challenge = z.object({ parameters: ChallengeParameters, signature: hex(32) })

/** What a proof holds once it is decoded. */
export const Solved = z.object({
  challenge: Challenge,
  solution: z.object({
    counter: z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    derivedKey: hex(32),
  }),
})

/** Base64 over the JSON of {@link Solved}. */
export const Proof = z.string().min(1).max(2_048)

export const NewSessionChallenge = z.strictObject({ game: GameKey })

export type Challenge = z.infer<typeof Challenge>
export type ChallengeParameters = z.infer<typeof ChallengeParameters>
export type Solved = z.infer<typeof Solved>
