/** What the steps of an erasure are given, and how long one relay has a request in hand. */
import type { Games } from '../../config/games.ts'
import type { AttachmentId } from '../../contract/ids.ts'
import type { Clock, Timers } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'

/** After a relay that died in the middle the request is taken up again. Longer than writing a large ledger anew may take. */
export const leaseMs = 300_000

export interface ErasureParts {
  store: Store
  clock: Clock
  timers: Timers
  notifier: Notifier
  games: Games
  log: Log
  /** Drops the bytes of a player's file. */
  removeFile: (id: AttachmentId) => Promise<void>
}

export interface CarryOutParts extends ErasureParts {
  stopping: AbortSignal
}
