/** Who is asking, and how they come by a token. */
import { z } from 'zod'
import { GameKey, Instant } from './ids.ts'
import { LanguageTag } from './language.ts'
import { Proof } from './proof.ts'

/** `verified`: the studio signed it. `email`: a mailbox was proved. `anonymous`: a device, nothing more. */
export const PlayerKind = z.enum(['verified', 'anonymous', 'email'])

export const NewSession = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('anonymous'),
    game: GameKey,
    /** The solution of `POST /sessions/challenges`. Asked for with `invalid` at `proof` where many came from one address. */
    proof: Proof.optional(),
  }),
  z.strictObject({ kind: z.literal('recover'), game: GameKey, recoveryKey: z.string().min(1).max(128) }),
  z
    .strictObject({
      kind: z.literal('email'),
      game: GameKey,
      /** Asks for a link. */
      email: z.email().max(254).optional(),
      /** Of the mail. The game's first language where the relay does not speak this one. */
      language: LanguageTag.optional(),
      /** From behind the `#code=` of the link. */
      code: z.string().min(1).max(128).optional(),
      /** With `code`, the one this browser got when it asked. With `email`, the same, so that both its links stay good. */
      browserSecret: z.string().min(1).max(128).optional(),
      /** With `email`: as an anonymous player's. Asked for where many mails were asked for from one address. */
      proof: Proof.optional(),
    })
    .refine(({ email, code }) => (email === undefined) !== (code === undefined), {
      path: ['email'],
      error: 'either an address to send a link to, or the code of one',
    }),
])

export const Session = z.object({
  token: z.string(),
  kind: PlayerKind,
  expiresAt: Instant,
  /**
   * Anonymous players only: gives the history back when the token has run out, once. The next session brings the next key,
   * and from the moment one of the two is used the old key is dead. So it is when this session is signed out.
   */
  recoveryKey: z.string().optional(),
})

/** For the player to write down: good once, on any device, until another takes its place. Signing out does not end it. */
export const KeptKey = z.object({ recoveryKey: z.string() })

/** Who a bearer is: what whoever holds it is shown before they go on as this player. */
export const Bearer = z.object({
  kind: PlayerKind,
  /** The studio's player id, or the relay's own (`anon:…`, `email:…`); the same in every token of this player. */
  subject: z.string(),
  /** Signed by the studio. */
  name: z.string().optional(),
  /** Signed by the studio, or proved by a mailed link. */
  email: z.string().optional(),
})

/**
 * The same answer whether or not the address is known. A link works only together with `browserSecret`, which is in no
 * mail: whoever asks for a link to somebody else's mailbox cannot use it, and neither can whoever opens it elsewhere. It is
 * a value and no cookie, because calls go without credentials.
 */
export const LinkSent = z.object({ sent: z.literal(true), browserSecret: z.string() })

export const Merge = z.strictObject({ anonymousToken: z.string().min(1).max(8_192) })
export const Merged = z.object({ tickets: z.int() })

export type PlayerKind = z.infer<typeof PlayerKind>
export type NewSession = z.input<typeof NewSession>
export type Session = z.infer<typeof Session>
export type Bearer = z.infer<typeof Bearer>
export type LinkSent = z.infer<typeof LinkSent>
export type Merged = z.infer<typeof Merged>
