/** The built-in desk's configuration. */
import { z } from 'zod'
import { settle } from '../settle.ts'

export const DeskConfig = z.strictObject({
  kind: z.literal('desk'),
  ...settle,
  /** What agents sign in with at `/desk`, and the bearer for their own scripts. */
  token: z.string().min(12),
})

export type DeskConfig = z.output<typeof DeskConfig>
