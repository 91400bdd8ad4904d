/**
 * From a file's last byte to the verdict on it, whatever dies in between: `uploading` becomes `checking`, and `checking`
 * becomes `ready` or `refused`. A relay that has a file in hand says so in the ledger, and for how long; after that any
 * relay takes it up again.
 */

import type { Games } from '../config/games.ts'
import type { AttachmentReason } from '../contract/attachment.ts'
import type { AttachmentId } from '../contract/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Store } from '../store/store.ts'
import { checkFile, type Verdict } from './check.ts'
import type { Files } from './files.ts'
import type { Scanner, ScanVerdict } from './scan.ts'

export interface InspectionParts {
  store: Store
  clock: Clock
  notifier: Notifier
  games: Games
  files: Files
  /** While there is one, no file is `ready` that it has not called clean. */
  scanner?: Scanner | undefined
  log: Log
}

export interface Inspection {
  /**
   * The last byte of an upload is there. Resolves with the verdict written down, or after a moment without one: what
   * follows is told by the event `attachment-changed`.
   */
  begin: (id: AttachmentId) => Promise<void>
  /** Takes up what nobody has in hand, once. */
  takeUp: () => Promise<void>
  start: () => void
  /** Stops scans that are under way; they are begun again by whoever comes next. */
  stop: () => Promise<void>
}

/** A request waits so long for a verdict, which without a scanner takes milliseconds; then the player is told to wait. */
const quietMs = 500
const leaseMs = 30_000
const renewMs = 10_000
const everyMs = 500
const atOnce = 8
/** How long to let a scanner or a storage recover, doubling. */
const firstRetryMs = 500
const longestRetryMs = 60_000
/** When to look whether an upload is whole though nobody came to say so, doubling. */
const firstLookMs = 60_000
const longestLookMs = 600_000
/**
 * So much of what no message carries has to be here by then. Else its room is for others: the device announces it anew, and
 * has lost no more than this.
 */
const begunMs = 15 * 60_000
const begunShare = 0.01
/** An upload that has not come to its end by then never will. */
const uploadDays = 2
const dayMs = 86_400_000

/** The first look at an upload that began just now. */
export function firstLook(now: Date): number {
  return now.getTime() + firstLookMs
}

export function createInspection({ store, clock, notifier, games, files, scanner, log }: InspectionParts): Inspection {
  const inHand = new Map<AttachmentId, Promise<void>>()
  const stopping = new AbortController()
  let round: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const later = (ms: number) => new Date(clock.now().getTime() + ms)

  async function begin(id: AttachmentId): Promise<void> {
    const isFree = inHand.size < atOnce && !stopping.signal.aborted
    if (!(await store.attachments.beginCheck(id, later(isFree ? leaseMs : 0)))) return
    const row = await store.attachments.find(id)
    if (row && isFree) await patiently(take(row))
  }

  function take(row: AttachmentRow): Promise<void> {
    const work = check(row).finally(() => inHand.delete(row.id))
    inHand.set(row.id, work)
    return work
  }

  /** Never rejects: what cannot be said now is said later. */
  async function check(row: AttachmentRow): Promise<void> {
    const renewing = setInterval(() => void store.attachments.checkAt(row.id, later(leaseMs)).catch(noMatter), renewMs)
    const telling = setTimeout(() => void tell(row).catch(noMatter), quietMs)
    try {
      await settle(row.id, await judge(row))
    } catch (error) {
      log.warn({ err: error, game: row.game, checks: row.checks }, 'a file could not be looked into; it waits')
      await tell(row).catch(noMatter)
      await store.attachments.checkAt(row.id, later(doubled(firstRetryMs, row.checks, longestRetryMs))).catch(noMatter)
    } finally {
      clearInterval(renewing)
      clearTimeout(telling)
    }
  }

  async function judge(row: AttachmentRow): Promise<Verdict> {
    const { attachments } = games.get(row.game)?.can ?? {}
    // One that is gone from the configuration may come back.
    if (attachments === undefined) throw new Error('the game is not served')
    const declared = { fileName: row.file_name, fileType: row.file_type, fileSize: Number(row.file_size) }
    const kept = await files.blobs.read(row.id)
    if (!kept) return { ok: false, reason: 'unreadable' }
    const verdict = await checkFile(kept.body, declared, attachments ? attachments.types : [])
    return verdict.ok && scanner ? scanned(verdict, row, scanner) : verdict
  }

  async function scanned(verdict: Verdict, { id }: AttachmentRow, { scan }: Scanner): Promise<Verdict> {
    const kept = await files.blobs.read(id)
    if (!kept) return { ok: false, reason: 'unreadable' }
    const reason = reasons[await scan(kept.body, stopping.signal)]
    return reason ? { ok: false, reason } : verdict
  }

  async function settle(id: AttachmentId, verdict: Verdict): Promise<void> {
    const now = clock.now()
    const row = await store.transaction(async (ledger) => {
      const settled = await ledger.attachments.settle(
        id,
        verdict.ok ? { state: 'ready', file_type: verdict.fileType } : { state: 'refused', reason: verdict.reason },
      )
      if (settled?.message_id) await ledger.deliveries.hasten(settled.message_id)
      if (settled) await ledger.events.add(settled.player, now, { type: 'attachment-changed', attachment_id: id })
      return settled
    })
    // Where another relay was quicker its verdict counts, also for the bytes.
    if (!row) return
    if (!verdict.ok) await files.uploads.remove(id)
    notifier.player.notify(row.player)
    if (row.message_id) notifier.outbox.notify(row.game)
  }

  /** That it takes a while. */
  async function tell({ id }: AttachmentRow): Promise<void> {
    const row = await store.attachments.find(id)
    if (row?.state !== 'checking' || row.checks > 1) return
    await store.events.add(row.player, clock.now(), { type: 'attachment-changed', attachment_id: id })
    notifier.player.notify(row.player)
  }

  async function takeUp(): Promise<void> {
    for (const row of await store.attachments.unchecked(clock.now(), Math.max(0, atOnce - inHand.size))) {
      if (stopping.signal.aborted || !(await store.attachments.claimCheck(row, later(leaseMs)))) continue
      const claimed = { ...row, checks: row.checks + 1 }
      if (row.state === 'checking') void take(claimed)
      else await look(claimed)
    }
  }

  /** An upload whose player has gone quiet: perhaps the relay died between its last byte and what follows. */
  async function look(row: AttachmentRow): Promise<void> {
    const age = clock.now().getTime() - Number(row.created_at)
    if (await files.uploads.isWhole(row.id)) return begin(row.id)
    if (age >= begunMs && (await dropUnlessBegun(row))) return
    if (age > uploadDays * dayMs) return settle(row.id, { ok: false, reason: 'unreadable' })
    await store.attachments.checkAt(row.id, later(doubled(firstLookMs, row.checks, longestLookMs)))
  }

  /** @returns whether it is gone */
  async function dropUnlessBegun({ id, file_size, message_id }: AttachmentRow): Promise<boolean> {
    const here = (await files.uploads.offset(id)) ?? 0
    if (message_id !== null || here >= Number(file_size) * begunShare) return false
    if (!(await store.attachments.drop(id))) return false
    await files.uploads.remove(id)
    return true
  }

  function repeat(): void {
    round = round
      .then(takeUp)
      .catch((error: unknown) => log.error({ err: error }, 'files could not be taken up'))
      .then(() => {
        if (timer) timer = setTimeout(repeat, everyMs).unref()
      })
  }

  return {
    begin,
    takeUp,
    start: () => {
      timer = setTimeout(repeat, everyMs).unref()
    },
    stop: async () => {
      clearTimeout(timer)
      timer = undefined
      stopping.abort()
      await round
      await Promise.all(inHand.values())
    },
  }
}

const reasons: Record<ScanVerdict, AttachmentReason | undefined> = {
  clean: undefined,
  infected: 'infected',
  'too-large': 'unscannable',
}

function doubled(firstMs: number, times: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(times, 20))
}

async function patiently(work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, quietMs)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

/** The ledger cannot be reached: what it says now goes on until the lease ends. */
function noMatter(): void {}
