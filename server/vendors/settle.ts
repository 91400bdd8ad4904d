/** The part of every vendor's configuration that says how long it may take to show what it took. */
import { z } from 'zod'

/**
 * Seconds after an attempt whose end is unknown during which nothing is sent again: what the vendor took may still be on
 * its way into its lists.
 */
export const settle = { settleSeconds: z.number().min(0).max(3_600).default(90) }
