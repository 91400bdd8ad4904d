/** How long a vendor may take to show what it took: a part of every vendor's configuration, and what follows meanwhile. */
import { z } from 'zod'
import type { Clock } from '../runtime/clock.ts'
import { VendorError } from './vendor.ts'

/**
 * Seconds after an attempt whose end is unknown during which nothing is sent again: what the vendor took may still be on
 * its way into its lists.
 */
export const settle = { settleSeconds: z.number().min(0).max(3_600).default(90) }

/** Whether what the vendor took then may not show everywhere yet. Of a time as far ahead nothing is said: a clock jumped. */
export function isSettling(
  since: Date | undefined,
  { settleSeconds }: { settleSeconds: number },
  clock: Clock,
): boolean {
  return since !== undefined && Math.abs(clock.now().getTime() - since.getTime()) < settleSeconds * 1_000
}

const retryAfterMs = 5_000

/** `busy`, to be tried again soon. @param status - of the answer that led to it */
export function notShownYet(vendor: string, status?: number): VendorError {
  return new VendorError('busy', `${vendor}: has this already, but does not show it yet`, { status, retryAfterMs })
}
