/**
 * Whoever calls a vendor on behalf of a lease is asked, right before anything is written there, whether the lease still
 * holds. The question travels with the call's signal, so that no adapter has to hand it on or can forget to.
 */

export interface WriteGuard {
  /** Right before a request leaves that changes something. @throws where the lease is no longer held */
  before: () => Promise<void>
  /** That request was surely not carried out: it never left, or was refused. */
  notCarriedOut: () => void
}

const guards = new WeakMap<AbortSignal, WriteGuard>()

export function guardWrites(signal: AbortSignal, guard: WriteGuard): void {
  guards.set(signal, guard)
}

/** Undefined for a call that no lease stands behind. */
export function writeGuardOf(signal: AbortSignal): WriteGuard | undefined {
  return guards.get(signal)
}
