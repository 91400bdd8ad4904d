/**
 * Whoever asks a vendor on a budget is told of every request that is about to leave, and may hold it back. As the guard of
 * writes does, it travels with the call's signal, so that no adapter has to hand it on or can forget to.
 */

/** Resolves when the request may leave. @throws where it may not leave at all */
export type CallMeter = () => Promise<void>

const meters = new WeakMap<AbortSignal, CallMeter>()

export function meterCalls(signal: AbortSignal, meter: CallMeter): void {
  meters.set(signal, meter)
}

/** Undefined for a call that nobody counts. */
export function callMeterOf(signal: AbortSignal): CallMeter | undefined {
  return meters.get(signal)
}
