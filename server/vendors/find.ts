/**
 * Looking at a vendor for a mark of ours before anything is sent again. To say "not there" of what may be there would send
 * a message twice, so whoever cannot tell says that.
 */
import type { VendorParts } from './parts.ts'
import { type Opening, VendorError, type VendorTicketId } from './vendor.ts'

/** One page, or one ticket, looked through. */
export interface SearchResult<T> {
  found: T | undefined
  /** A row could not be read, so that a missing `found` says nothing. */
  drifted: boolean
}

/** @throws VendorError `unexpected`, which is tried again: to look changes nothing */
export type CannotTell = (what: string) => never

export function cannotTellOf(vendor: string, { onDrift }: Pick<VendorParts, 'onDrift'>): CannotTell {
  return (what) => {
    onDrift(vendor, what)
    throw new VendorError('unexpected', `${vendor}: ${what} does not fit`, { mayHaveActed: false })
  }
}

/** How far a vendor's clock may be from ours. */
const skewMs = 24 * 60 * 60 * 1000

/** Last touched before the player wrote: not this opening's, whatever else a row says or does not. */
export function isOlder(at: Date | undefined, { sentAt }: Pick<Opening, 'sentAt'>): boolean {
  return at !== undefined && at.getTime() < sentAt.getTime() - skewMs
}

/**
 * Whether all that follows these rows is older than the opening. No document promises an order, so only what was seen
 * counts: each row no newer than the one before it, and the last of them older than the player's words.
 */
export function isPastAll(times: readonly (Date | undefined)[], opening: Pick<Opening, 'sentAt'>): boolean {
  const numbers = times.map((time) => time?.getTime() ?? Number.NaN)
  const isFalling = numbers.every((time, index) => index === 0 || time <= (numbers[index - 1] ?? Number.NaN))
  return isFalling && isOlder(times.at(-1), opening)
}

/** Another message's already: a second copy of what is sought may stand beside it. */
export function isLinked(id: VendorTicketId | string | undefined, { linked }: Pick<Opening, 'linked'>): boolean {
  return id !== undefined && linked?.has(id as VendorTicketId) === true
}

/**
 * What belongs to a ticket that was seen just now. A 404 of it says nothing of the ticket: the call has another name, or
 * lags.
 */
export async function ofSeenTicket<T>(answer: Promise<T>, call: string, cannotTell: CannotTell): Promise<T> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof VendorError) || error.code !== 'missing') throw error
    return cannotTell(`${call}: 404 of a ticket that is there`)
  })
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
