/**
 * What makes a delivery this relay's for a while. It belongs to whoever holds it by the ledger's clock; this side of it
 * goes by time that nobody can set, so that a relay that was stopped in the middle writes nothing once it goes on.
 */
import { every, type Timers } from '../../runtime/clock.ts'
import type { Store } from '../../store/store.ts'
import { guardWrites } from '../../vendors/http/write-guard.ts'

export const leaseMs = 6_000
const renewMs = 2_000
/** Held for sure without asking again: well below the lease, for the request has yet to leave. */
const sureMs = 2_500
/** How often a ledger is asked whose answers take longer than that, before the delivery is left to whoever comes next. */
const mostAsked = 4

/** Another relay has the delivery in hand: what is under way here ends without a word. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

export interface LeaseParts {
  store: Pick<Store, 'deliveries'>
  timers: Timers
  owner: string
  sequence: number
  /** By {@link Timers.elapsedMs}, before the claim was asked for. */
  takenAtMs: number
  /** The relay ends. */
  stopping: AbortSignal
}

export interface Lease {
  /** Aborts when the lease is lost, the time is over or the relay ends. Guards every write of the calls it goes along with. */
  signal: AbortSignal
  /** How long the attempt may take from now on. */
  allow: (ms: number) => void
  /** Before words go to the vendor. @throws LeaseLost */
  begin: () => Promise<void>
  /** Words were about to go. */
  hasBegun: () => boolean
  /** Something was written to the vendor, or may have been. */
  mayHaveWritten: () => boolean
  end: () => void
}

export function createLease({ store, timers, owner, sequence, takenAtMs, stopping }: LeaseParts): Lease {
  const { deliveries } = store
  const lost = new AbortController()
  const overdue = new AbortController()
  const signal = AbortSignal.any([stopping, overdue.signal, lost.signal])
  let clearTimeout = () => {}
  let confirmedAtMs = takenAtMs
  let begun = false
  let written = 0

  const age = () => timers.elapsedMs() - confirmedAtMs

  async function confirm(ask: () => Promise<boolean>): Promise<void> {
    const askedAtMs = timers.elapsedMs()
    if (await ask()) confirmedAtMs = askedAtMs
    else lose()
  }

  /** The ledger's answer may have been waiting for us to go on: how old it is tells what it is worth. */
  async function beSure(): Promise<void> {
    for (let asked = 0; age() > sureMs; asked += 1) {
      if (asked === mostAsked) lose()
      await confirm(() => deliveries.renew(sequence, owner, leaseMs))
    }
  }

  function lose(): never {
    const cause = new LeaseLost('another relay has the delivery in hand')
    lost.abort(cause)
    throw cause
  }

  /** A ledger that does not answer may do so in time; the age tells in the end. */
  async function renew(): Promise<void> {
    await confirm(() => deliveries.renew(sequence, owner, leaseMs)).catch(() => undefined)
    if (age() >= leaseMs) lost.abort(new LeaseLost('the lease could not be kept'))
  }

  const stopRenewing = every(timers, renewMs, () => void renew())

  guardWrites(signal, {
    async before() {
      signal.throwIfAborted()
      await beSure()
      written += 1
    },
    notCarriedOut() {
      written -= 1
    },
  })

  return {
    signal,
    allow(ms) {
      clearTimeout = timers.after(ms, () => overdue.abort(new DOMException('timed out', 'TimeoutError')))
    },
    async begin() {
      signal.throwIfAborted()
      await confirm(() => deliveries.beginWrite(sequence, owner, leaseMs))
      await beSure()
      begun = true
    },
    hasBegun: () => begun,
    mayHaveWritten: () => written > 0,
    end() {
      stopRenewing()
      clearTimeout()
    },
  }
}
