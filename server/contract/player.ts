/** Who is asking, and how they come by a token. */
import { z } from 'zod'
import { GameKey, Instant } from './ids.ts'

/** `verified`: the studio signed it. `email`: a mailbox was proved. `anonymous`: a device, nothing more. */
export const PlayerKind = z.enum(['verified', 'anonymous', 'email'])

export const NewSession = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('anonymous'), game: GameKey }),
  z.strictObject({ kind: z.literal('recover'), game: GameKey, recoveryKey: z.string().min(1).max(128) }),
  z.strictObject({
    kind: z.literal('email'),
    game: GameKey,
    email: z.email().max(254).optional(),
    code: z.string().min(1).max(128).optional(),
  }),
])

export const Session = z.object({
  token: z.string(),
  kind: PlayerKind,
  expiresAt: Instant,
  /** Anonymous players only: gives the history back on a new device. */
  recoveryKey: z.string().optional(),
})

/** The same answer whether or not the address is known. */
export const LinkSent = z.object({ sent: z.literal(true) })

export const Merge = z.strictObject({ anonymousToken: z.string().min(1).max(8_192) })
export const Merged = z.object({ tickets: z.int() })

export type PlayerKind = z.infer<typeof PlayerKind>
export type NewSession = z.input<typeof NewSession>
export type Session = z.infer<typeof Session>
