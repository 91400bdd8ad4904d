/**
 * Looking at a vendor for a mark of ours before anything is sent again. To say "not there" of what may be there would send
 * a message twice, so whoever cannot tell says that.
 */
import type { VendorParts } from './parts.ts'
import { VendorError } from './vendor.ts'

/** One page, or one ticket, looked through. */
export interface Sought<T> {
  found: T | undefined
  /** A row could not be read, so that a missing `found` says nothing. */
  drifted: boolean
}

/** @throws VendorError `unexpected`, which is tried again */
export type CannotTell = (what: string) => never

export function cannotTellOf(vendor: string, { onDrift }: Pick<VendorParts, 'onDrift'>): CannotTell {
  return (what) => {
    onDrift(vendor, what)
    throw new VendorError('unexpected', `${vendor}: ${what} does not fit`)
  }
}

/** That a look-up is refused, or its list missing, does not end a delivery: it says nothing of what is sought. */
export async function unlessRefused<T>(answer: Promise<T>, onRefused: () => T): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof VendorError) || !['refused', 'missing'].includes(error.code)) throw error
    return onRefused()
  }
}
