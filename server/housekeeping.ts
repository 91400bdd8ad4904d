/** What has to be done now and then: sweeping out what has outlived its purpose. */

import type { AttachmentId, TicketId } from './contract/ids.ts'
import type { Files } from './files/files.ts'
import type { Leave } from './players/inactive.ts'
import type { Clock } from './runtime/clock.ts'
import type { Log } from './runtime/log.ts'
import type { Store } from './store/store.ts'
import { keptForDays } from './tickets/idempotency.ts'
import type { Merging } from './tickets/merge.ts'
import { onlyWhere } from './tickets/vendor-player.ts'

export interface HousekeepingParts {
  store: Store
  clock: Clock
  files: Files
  merging: Pick<Merging, 'sweep'>
  leave: Leave
  log: Log
  retentionDays: number
  /** Removes bytes that nothing names. */
  sweepOrphans: () => Promise<void>
}

export interface Housekeeping {
  start: () => void
  stop: () => Promise<void>
  /** One round, for tests and for the clock. */
  sweep: () => Promise<void>
}

const everyMs = 30_000
const dayMs = 86_400_000
/** How long a stream may be away and still be told everything it missed. */
export const eventDays = 1
/** A file that no message took: long enough for a player to sleep on it. */
export const looseFileDays = 2
const atOnce = 100
/** What the vendor has brought back for a player who looks is here for so long. */
const refilledDays = 1
/** The disk is cleared of what was swept: a ledger is not written anew with every sweep. */
const scrubEveryMs = dayMs
/** After an erasure's date: how long what an operator has to erase by hand is counted. */
export const leftoverDays = 60
/** A request that was carried out is the proof of it; what was erased does not come back from the vendor before. */
export const requestDays = 1_095

export function createHousekeeping({
  store,
  clock,
  files,
  merging,
  leave,
  log,
  retentionDays,
  sweepOrphans,
}: HousekeepingParts): Housekeeping {
  const daysAgo = (days: number) => new Date(clock.now().getTime() - days * dayMs)
  let underWay: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  /** Something was swept since the disk was last cleared of it. */
  let isLeft = false
  let scrubbedAtMs = Number.NEGATIVE_INFINITY

  async function sweep(): Promise<void> {
    // An answer kept to be given again has the message in it.
    await store.idempotency.sweep(daysAgo(Math.min(keptForDays, retentionDays)))
    await store.events.sweep(daysAgo(eventDays))
    await store.players.sweepSessions(clock.now())
    await store.erasures.sweep(daysAgo(leftoverDays))
    await store.reading.sweepWishes(daysAgo(1))
    await store.deletions.sealFinished()
    await store.deletions.sweep(daysAgo(requestDays))
    await merging.sweep()
    for (const rows of [store.limits, store.proofs]) await rows.sweep(clock.now())
    // With the address that each was sent to.
    if (await store.mailLinks.sweep(clock.now())) isLeft = true
    await dropLooseFiles()
    await forgetOldMessages()
    if (await leave.sweep()) isLeft = true
    await scrubDaily()
    await sweepOrphans()
  }

  async function dropLooseFiles(): Promise<void> {
    for (const { id } of await store.attachments.abandoned(daysAgo(looseFileDays), atOnce)) {
      if (!(await store.attachments.drop(id))) continue
      await files.uploads.remove(id)
      isLeft = true
    }
  }

  /** Promise 10: the text stays only at the vendor, which shows it again when the player looks. */
  async function forgetOldMessages(): Promise<void> {
    const before = daysAgo(retentionDays)
    for (const { id } of await store.tickets.untouchedSince(before, atOnce, daysAgo(refilledDays)))
      for (const file of await forgetMessagesOf(id, before)) await files.blobs.remove(file)
  }

  async function scrubDaily(): Promise<void> {
    const nowMs = clock.now().getTime()
    if (!isLeft || nowMs - scrubbedAtMs < scrubEveryMs) return
    scrubbedAtMs = nowMs
    try {
      await store.scrub()
      isLeft = false
    } catch (error) {
      log.warn({ err: error }, 'the disk could not be cleared of what was swept; that is tried again in a day')
    }
  }

  /** @returns the files that went with them */
  function forgetMessagesOf(id: TicketId, before: Date): Promise<AttachmentId[]> {
    return store.transaction(async (ledger) => {
      // Others were seen to before this one, and meanwhile its player may have written: with the row held, nobody writes
      // between the second look and the end.
      const ticket = await ledger.tickets.lock(id)
      if (!ticket || !(await ledger.tickets.empty(id, onlyWhere(ticket.signed), before, daysAgo(refilledDays))))
        return []
      isLeft = true
      // None of them waits: what is left is stuck.
      const [stuck] = await ledger.deliveries.forget([id])
      if (stuck && stuck.numDeletedRows > 0n)
        log.warn({ game: ticket.game, number: ticket.number }, 'what could not be delivered has outlived its retention')
      const gone = await ledger.attachments.dropOf(id)
      await ledger.messages.forget([id])
      const player = await ledger.players.find(ticket.player)
      if (player) await ledger.players.hush(player.player, onlyWhere(player.signed))
      return gone
    }, id)
  }

  /** One thing after another. */
  function then(work: () => Promise<void>): Promise<void> {
    underWay = underWay.then(work).catch((error: unknown) => log.error({ err: error }, 'housekeeping broke off'))
    return underWay
  }

  async function round(): Promise<void> {
    await then(sweep)
    if (timer) timer = setTimeout(round, everyMs).unref()
  }

  return {
    sweep,
    start: () => {
      timer = setTimeout(round, 1_000).unref()
    },
    stop: async () => {
      clearTimeout(timer)
      timer = undefined
      await underWay
    },
  }
}
