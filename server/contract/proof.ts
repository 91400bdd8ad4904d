/** Proof of work, in ALTCHA's form: it costs a browser a second of computing, and nobody else is told about it. */
import { z } from 'zod'
import { Instant } from './ids.ts'

/**
 * Find the whole `number` from 0 to `maxNumber` for which SHA-256 over `salt` followed by the number in decimal is
 * `challenge`, in hex. `proof` is then base64 over the JSON of `{algorithm, challenge, number, salt, signature}`.
 */
export const Challenge = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string(),
  salt: z.string(),
  signature: z.string(),
  maxNumber: z.int(),
  expiresAt: Instant,
})

/** What `proof` holds once it is decoded. */
export const Solution = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  number: z.int().min(0),
  salt: z.string().min(1).max(256),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
})

export type Challenge = z.infer<typeof Challenge>
export type Solution = z.infer<typeof Solution>
