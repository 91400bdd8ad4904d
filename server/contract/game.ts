/** What anyone may know about a game: enough to draw the form before anybody has signed in. */
import { z } from 'zod'
import { AttachmentLimits, Can } from './can.ts'
import { GameKey } from './ids.ts'
import { Language } from './language.ts'
import { PlayerKind } from './player.ts'
import { positions, schemes } from './theme.ts'

/** A sentence in several languages. Every one has at least one; the widget falls back along the game's `languages`. */
export const Label = z.record(z.string(), z.string())

export const FormField = z.object({
  id: z.string(),
  label: Label,
  type: z.enum(['text', 'multiline', 'number', 'date', 'choice']),
  required: z.boolean(),
  /** Only with `choice`. */
  options: z.array(z.object({ id: z.string(), label: Label })).optional(),
})

export const FormCategory = z.object({ id: z.string(), label: Label, fields: z.array(FormField) })

export const Theme = z.object({
  accent: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #3557c9')
    .optional(),
  scheme: z.enum(schemes).optional(),
  position: z.enum(positions).optional(),
})

export const Game = z.object({
  game: GameKey,
  name: z.string(),
  languages: z.array(Language),
  can: Can,
  /** `can.open` differs from player to player: asked with a bearer, the answer is that player's own. */
  canByPlayer: z.boolean().optional(),
  form: z.object({ categories: z.array(FormCategory) }),
  attachments: AttachmentLimits.or(z.literal(false)),
  signIn: z.array(PlayerKind),
  /** Anonymous players solve a challenge of `POST /challenges` for each ticket they open and each file they announce. */
  proofOfWork: z.boolean().optional(),
  theme: Theme,
})

export type Label = z.infer<typeof Label>
export type FormField = z.infer<typeof FormField>
export type FormCategory = z.infer<typeof FormCategory>
export type Theme = z.infer<typeof Theme>
export type Game = z.infer<typeof Game>
