/** The built-in desk's configuration. */
import { z } from 'zod'
import { settle } from '../settle.ts'

export const DeskConfig = z.strictObject({
  kind: z.literal('desk'),
  ...settle,
  /** What agents sign in with at `/desk`, and the bearer for their own scripts. */
  token: z
    .string()
    .min(16, { abort: true })
    .refine((token) => new Set(token).size >= 8, 'must not be so simple: at least 8 different characters'),
})

export type DeskConfig = z.output<typeof DeskConfig>
