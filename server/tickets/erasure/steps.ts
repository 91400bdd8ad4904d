/**
 * One request for erasure, carried as far as it can be now, step by dated step. The vendor comes first, because only the
 * ledger knows which vendor tickets are the player's; the ledger forgets last. What a vendor refuses for ever, or fails
 * on for too long, is passed on to the next who can do it: from its call to its studio, from the studio to the operator.
 */

import type { LiveGame } from '../../config/games.ts'
import type { DeletionStepName } from '../../contract/deletion.ts'
import type { AttachmentId } from '../../contract/ids.ts'
import type { DeletionRow } from '../../store/deletions.ts'
import type { ErasureRow } from '../../store/erasures.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { ErasureState } from '../../store/tables.ts'
import { VendorError } from '../../vendors/vendor.ts'
import { stepsOf, withStep } from '../present.ts'
import { type AtVendor, createAtVendor } from './at-vendor.ts'
import { cancelDeliveries } from './cancel-deliveries.ts'
import { forget, isAllKnown, keptBytes, tellErased } from './forget.ts'
import type { CarryOutParts } from './parts.ts'

export type CarryOut = (request: DeletionRow, begins: boolean) => Promise<void>

/** How soon to look again whether a message on its way has come to its end. */
const busyMs = 2_000
const firstRetryMs = 15_000
const longestRetryMs = 6 * 3_600_000
/** Twelve days of a vendor that is out, at that pace; the request's own date ends them earlier. */
const mostFailures = 60
/** The most that the clocks of two relays disagree. */
const mostSkewMs = 300_000

/** Who else can do what a vendor does not. */
const handedOn = { sought: 'waiting', waiting: 'refused', refused: 'unasked' } as const
type Pending = keyof typeof handedOn

export function createCarryOut(parts: CarryOutParts): CarryOut {
  const { store, clock, notifier, games, log, removeFile, stopping } = parts
  const nowMs = () => clock.now().getTime()

  async function prepare(request: DeletionRow, game: LiveGame | undefined): Promise<boolean> {
    const { isOnItsWay, files } = await store.transaction((ledger) =>
      cancelDeliveries(ledger, request, game, clock.now()),
    )
    for (const id of files) await removeFile(id)
    if (isOnItsWay) return false
    const links = await store.tickets.chainsOf(request.player)
    const numbers = new Map<string, string>()
    for (const { ticket_id } of links)
      if (!numbers.has(ticket_id)) numbers.set(ticket_id, (await store.tickets.find(ticket_id))?.number ?? '')
    const { id: request_id } = request
    const timeMs = await store.erasures.time()
    await store.erasures.add(
      links.map((link) => ({
        request_id,
        kind: 'ticket',
        name: link.vendor_ticket_id,
        game: link.game,
        ticket_id: link.ticket_id,
        number: numbers.get(link.ticket_id) ?? '',
        player: link.player,
        message_id: null,
        state: 'waiting',
        settled_at: shownAt(link, game, timeMs),
        told_by: null,
      })),
    )
    return true
  }

  /** @returns after how long to go on; undefined once the vendor has nothing left that is to be asked for */
  async function askVendor(held: Held): Promise<number | undefined> {
    for (const [state, next] of Object.entries(handedOn) as [Pending, ErasureState][]) {
      const waitMs = await attempt(held, state, next)
      if (waitMs !== undefined) return waitMs
    }
    return undefined
  }

  async function attempt(held: Held, state: Pending, next: ErasureState): Promise<number | undefined> {
    const { request, atVendor } = held
    if ((await store.erasures.list(request.id, state)).length === 0) return undefined
    try {
      const waitMs = await atVendor[state](request)
      if (waitMs === undefined) await store.deletions.change(request.id, { failures: 0 })
      return waitMs
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      // Not the vendor's failure: whoever comes next goes on at once.
      if (stopping.aborted) return 0
      const waitMs = await failed(held, error)
      if (waitMs === undefined)
        await store.erasures.change(await store.erasures.list(request.id, state), { state: next })
      return waitMs
    }
  }

  /** @returns undefined where there is no use in trying again */
  async function failed(
    { request }: Held,
    { code, message, retryAfterMs = 0 }: VendorError,
  ): Promise<number | undefined> {
    const failures = ((await store.deletions.find(request.id))?.failures ?? 0) + 1
    await store.deletions.change(request.id, { failures })
    const leftMs = Number(request.due_at) - nowMs()
    const isLasting = code === 'refused' || failures >= mostFailures || leftMs <= 0
    const what = isLasting
      ? 'a vendor will not do its part of an erasure'
      : 'a request for erasure waits for the vendor'
    log.warn({ game: request.game, vendor: message, failures }, what)
    if (isLasting) return undefined
    const backoffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1))
    return Math.min(Math.max(backoffMs, Math.min(retryAfterMs, longestRetryMs)), leftMs)
  }

  /** What has come to its end since: the player sees it, and the operator what is left to them. */
  async function noteSteps(request: DeletionRow): Promise<void> {
    const items = await store.erasures.list(request.id)
    const steps = stepsOf((await store.deletions.find(request.id)) ?? request)
    for (const [state, name] of stepOf) {
      const those = items.filter((item) => item.state === state)
      if (those.length === 0 || steps.some((step) => step.name === name)) continue
      if (state === 'unasked') tellOperator(request, those)
      await addStep(request, name)
    }
  }

  function tellOperator({ game, id }: DeletionRow, left: readonly ErasureRow[]): void {
    const atVendor = left.map(({ name }) => name)
    log.error(
      { game, request: id, atVendor },
      'nobody could be asked to erase these of an erased player: erase them there',
    )
  }

  async function addStep({ id, player }: DeletionRow, name: DeletionStepName): Promise<void> {
    await store.transaction(async (ledger) => {
      const row = await ledger.deletions.find(id)
      if (row) await ledger.deletions.change(id, { steps: withStep(row, name, clock.now()) })
      await ledger.events.add(player, clock.now(), { type: 'deletion-changed', request_id: id })
    })
    notifier.player.notify(player)
  }

  async function end(request: DeletionRow): Promise<boolean> {
    // The bytes first: as long as rows name them, the next try finds what this one left.
    for (const id of keptBytes(await store.attachments.ofPlayer(request.player))) await removeFile(id)
    const items = await store.erasures.list(request.id)
    const files = await store.transaction(async (ledger): Promise<AttachmentId[] | undefined> => {
      const { isOnItsWay } = await cancelDeliveries(ledger, request, games.get(request.game), clock.now())
      if (isOnItsWay || !(await isAllKnown(ledger, request))) return undefined
      return forget(ledger, request)
    })
    if (!files) return false
    for (const id of files) await removeFile(id)
    // Before it is said: after a crash or a failure here, the next try finds nothing to forget and comes to this again.
    if (!(await isScrubbed(request))) return false
    await store.transaction((ledger) => tellErased(ledger, request, clock.now()))
    logEnd(request, items)
    notifier.player.notify(request.player)
    return true
  }

  async function isScrubbed({ game, id }: DeletionRow): Promise<boolean> {
    try {
      return await Promise.race([store.scrub().then(() => true), aborted(stopping).then(() => false)])
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      log.warn({ err: error, game, request: id }, 'a request for erasure waits for the disk')
      return false
    }
  }

  function logEnd({ game, id }: DeletionRow, items: readonly ErasureRow[]): void {
    const count = (state: ErasureState) => items.filter((item) => item.state === state).length
    const counts = { erased: count('erased'), asked: count('asked'), unasked: count('unasked') }
    log.info({ game, request: id, ...counts }, 'a request for erasure was carried out')
  }

  async function advance(request: DeletionRow, game: LiveGame | undefined): Promise<number | undefined> {
    if (!(await prepare(request, game))) {
      log.info(
        { game: request.game },
        'a request for erasure waits for the vendor: a message of the player is on its way',
      )
      return busyMs
    }
    const waitMs = await askVendor({ request, atVendor: createAtVendor(parts, game) })
    await noteSteps(request)
    if (waitMs !== undefined) return waitMs
    return (await end(request)) ? undefined : busyMs
  }

  return async (request, begins) => {
    if (begins) {
      await store.events.add(request.player, clock.now(), { type: 'deletion-changed', request_id: request.id })
      notifier.player.notify(request.player)
    }
    const waitMs = await advance(request, games.get(request.game))
    if (waitMs !== undefined) await store.deletions.hold(request, new Date(nowMs() + waitMs))
  }
}

/**
 * A vendor that finds a player's tickets by its lists does not find one that they do not show yet. Which ticket is old
 * enough is told by the clock of the relay that opened it; from when on its time is counted, by the ledger's.
 */
function shownAt({ opened_at }: { opened_at: number }, game: LiveGame | undefined, timeMs: number): number {
  if (!game?.vendor.forget || !game.vendor.findOpened) return 0
  const settleMs = game.config.vendor.settleSeconds * 1_000
  return timeMs - Number(opened_at) < settleMs + mostSkewMs ? timeMs + settleMs : 0
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

interface Held {
  request: DeletionRow
  atVendor: AtVendor
}

const stepOf: readonly [ErasureState, DeletionStepName][] = [
  ['erased', 'vendor-asked'],
  ['asked', 'studio-asked'],
  ['unasked', 'operator-told'],
]
