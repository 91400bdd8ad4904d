/**
 * Which of several relays on one ledger reads at an account: whoever holds its lease, by the ledger's clock; this side goes
 * by time that nobody can set. Reading changes nothing at a vendor, so two readers for a moment cost calls and no more.
 */
import { every, type Timers } from '../../runtime/clock.ts'
import type { Store } from '../../store/store.ts'

export interface Leader {
  /** This relay is the reader. */
  isHeld: () => boolean
  /** Somebody looks on at another relay. */
  isWatchedElsewhere: () => boolean
  /** Said now and then by a relay at which somebody looks on. */
  watch: () => void
  stop: () => Promise<void>
}

export interface LeaderParts {
  store: Pick<Store, 'reading' | 'isShared'>
  timers: Timers
  account: string
  /** Of this relay. */
  owner: string
  onTaken: () => void
  note: (error: unknown) => void
}

const leaseMs = 6_000
const renewMs = 2_000
/** Before it ends by the ledger's clock, because the request to keep it has yet to leave. */
const sureMs = 4_500
const watchedMs = 30_000
const watchEveryMs = 10_000

const alone: Leader = {
  isHeld: () => true,
  isWatchedElsewhere: () => false,
  watch: () => undefined,
  stop: async () => undefined,
}

/** A ledger that no other relay can have needs no lease. */
export function createLeader(parts: LeaderParts): Leader {
  return parts.store.isShared ? createLease(parts) : alone
}

function createLease({ store: { reading }, timers, account, owner, onTaken, note }: LeaderParts): Leader {
  let confirmedAtMs = Number.NEGATIVE_INFINITY
  let isWatched = false
  let saidAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const isHeld = () => timers.elapsedMs() - confirmedAtMs < sureMs

  async function ask(): Promise<void> {
    const [askedAtMs, hadIt] = [timers.elapsedMs(), isHeld()]
    const lead = await reading.lead(account, owner, leaseMs)
    confirmedAtMs = lead ? askedAtMs : Number.NEGATIVE_INFINITY
    isWatched = lead?.isWatched ?? false
    if (lead && !hadIt) onTaken()
  }

  function renew(): void {
    asking ??= ask()
      .catch(note)
      .finally(() => {
        asking = undefined
      })
  }

  renew()
  const stopRenewing = every(timers, renewMs, renew)

  return {
    isHeld,
    isWatchedElsewhere: () => isWatched,
    watch() {
      if (isHeld() || timers.elapsedMs() - saidAtMs < watchEveryMs) return
      saidAtMs = timers.elapsedMs()
      reading.watch(account, watchedMs).catch(note)
    },
    async stop() {
      stopRenewing()
      await asking
      if (isHeld()) await reading.leave(account, owner).catch(note)
      confirmedAtMs = Number.NEGATIVE_INFINITY
    },
  }
}
