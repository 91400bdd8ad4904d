/**
 * The outbox's worker: takes what players were promised to the vendor, each ticket in order. A lease that is kept alive
 * marks what is in hand; whatever a dead relay held is free again when its leases run out.
 */

import type { Games, LiveGame } from '../../config/games.ts'
import type { Clock, Timers } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Metrics } from '../../runtime/metrics.ts'
import { randomId } from '../../runtime/random.ts'
import type { ClaimedDelivery, ClaimKind, DeliveryRow } from '../../store/deliveries.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'
import { VendorError } from '../../vendors/vendor.ts'
import { createCircuitBreakers, type Outcome } from './circuit-breakers.ts'
import type { Copies } from './duplicates.ts'
import { createLease, type Lease, LeaseLost, leaseMs } from './lease.ts'
import { type Attempted, createOutcomes } from './outcome.ts'
import { type FilesOf, waitsForFiles } from './payload-files.ts'
import { loadPayload, notShownYet, type Payload, type Sent, send } from './send.ts'
import type { Unsure } from './settling.ts'

export interface DeliveryParts {
  store: Store
  clock: Clock
  timers: Timers
  notifier: Notifier
  games: Games
  copies: Copies
  filesOf: FilesOf
  log: Log
  metrics: Metrics
  /** From 0 to 1. */
  random?: () => number
}

export interface DeliveryWorker {
  /** Delivers what is due and has room now, once. Resolves with how many were tried. */
  deliverDue: () => Promise<number>
  start: () => void
  /** Finishes what is in hand, or gives it back. */
  stop: () => Promise<void>
}

/** The longest sleep: another relay may have put something out without telling us. */
const longestSleepMs = 1_000
const attemptMs = 30_000
/** An attempt that brings files may take longer by so much: at the pace of a slow line, at the least. */
const leastBytesPerMs = 128
/** How soon to look again whether a message's files are there; whoever has looked into one comes earlier. */
const fileLookMs = 2_000
/** How long a stop lets what is in hand come to its end. */
const drainTimeoutMs = 5_000
/** Attempts whose end this relay has seen to be unknown; past it the longest ago is forgotten. */
const witnessed = 10_000

export function createDeliveryWorker(parts: DeliveryParts): DeliveryWorker {
  const { store, clock, timers, notifier, games, log, metrics, copies, random = Math.random } = parts
  const owner = randomId()
  const outcomes = createOutcomes({ store, clock, notifier, copies, owner, random })
  const inHand = new Map<number, Promise<void>>()
  const breakers = createCircuitBreakers(games, timers, random)
  const stopping = new AbortController()
  /** When, by time that nobody can set, the unknown end of an attempt of this relay's was. */
  const unknownSinceMs = new Map<number, number>()
  let running = false
  let turn = 0
  /** What comes while the outbox is being read must not be slept through. */
  let rung = false
  let wake = () => {}

  async function takeDue(): Promise<ClaimedDelivery[]> {
    const taken: ClaimedDelivery[] = []
    const waiting = (await store.deliveries.waitingGames()).filter((game) => games.has(game))
    for (const game of rotated(waiting, turn++)) {
      const room = breakers.room(game)
      if (room === 0) continue
      if (breakers.isOut(game)) {
        taken.push(...(await claim(game, 'probe', room)))
        continue
      }
      // What has failed before takes at most half of the room, so that it never stands before the rest.
      const retries = await claim(game, 'retry', Math.ceil(room / 2))
      const fresh = room > retries.length ? await claim(game, 'fresh', room - retries.length) : []
      taken.push(...retries, ...fresh)
    }
    return taken
  }

  async function claim(game: string, kind: ClaimKind, limit: number): Promise<ClaimedDelivery[]> {
    const takenAtMs = timers.elapsedMs()
    const except = [...inHand.keys()]
    const claimed = await store.deliveries.claim({ game, owner, leaseMs, kind, limit, except })
    for (const delivery of claimed) take(delivery, takenAtMs)
    return claimed
  }

  /** @returns what it says of the vendor's state; undefined when it says nothing */
  async function deliver(delivery: ClaimedDelivery, takenAtMs: number): Promise<Outcome | undefined> {
    const game = games.get(delivery.game)
    if (!game) return undefined
    const { sequence } = delivery
    // Kept from here on: a ledger that is slow may take longer to say what the delivery is about than the lease lasts.
    const lease = createLease({ store, timers, owner, sequence, takenAtMs, stopping: stopping.signal })
    try {
      const payload = await loadPayload(store, delivery, unsureOf(delivery))
      if (!payload) await store.deliveries.done(sequence)
      else if (waitsForFiles(payload.attachments, Number(delivery.created_at), clock.now())) await giveBack(delivery)
      else {
        lease.allow(allowedFor(payload))
        return await attempt(game, payload, lease)
      }
      return undefined
    } finally {
      lease.end()
    }
  }

  async function attempt(game: LiveGame, payload: Payload, lease: Lease): Promise<Outcome | undefined> {
    const { delivery } = payload
    const result = await resultOf(game, payload, lease)
    if (result instanceof LeaseLost) return undefined
    const outcome = result === notShownYet ? 'not shown yet' : result instanceof VendorError ? result.code : 'sent'
    metrics.delivered.inc({ game: game.key, operation: delivery.operation, outcome })
    if (result === notShownYet) {
      await outcomes.notShownYet(game, payload)
      return undefined
    }
    if (result instanceof VendorError) return fail(game, payload, lease, result)
    await outcomes.sent(game, payload, result)
    unknownSinceMs.delete(delivery.sequence)
    return { ok: true }
  }

  async function fail(
    game: LiveGame,
    payload: Payload,
    lease: Lease,
    error: VendorError,
  ): Promise<Outcome | undefined> {
    const { delivery, ticket } = payload
    const hasBegun = lease.hasBegun()
    const attempted: Attempted = {
      error,
      hasBegun,
      mayHaveArrived: hasBegun && (lease.mayHaveWritten() || error.mayHaveActed),
    }
    log.debug({ game: game.key, attempts: delivery.attempts, vendor: error.message }, 'a delivery failed')
    if (attempted.mayHaveArrived) witness(delivery.sequence)
    const what = await outcomes.failed(game, payload, attempted)
    if (what === 'parked') {
      const { sequence, operation } = delivery
      const named = { game: game.key, ticket: ticket.number, number: sequence, operation, vendor: error.message }
      log.warn(named, 'a delivery is stuck: `medkit outbox` lists it')
    }
    return stateOf(delivery, error)
  }

  async function resultOf(
    game: LiveGame,
    payload: Payload,
    lease: Lease,
  ): Promise<Sent | typeof notShownYet | VendorError | LeaseLost> {
    try {
      return await send(game, payload, parts.filesOf, lease)
    } catch (error) {
      if (error instanceof VendorError || error instanceof LeaseLost) return error
      if (lease.signal.aborted) return new VendorError('unreachable', `${game.vendor.kind}: was called off`)
      log.error({ err: error, game: game.key }, 'a delivery broke off')
      return new VendorError('unexpected', `${game.vendor.kind}: the delivery broke off`, { cause: error })
    }
  }

  /** By the ledger's clock, and by this relay's own time where it has seen the attempt end: a clock may have jumped. */
  function unsureOf({ sequence, unsure_since, looks, claimed_at }: ClaimedDelivery): Unsure | undefined {
    if (unsure_since === null) return undefined
    const since = unknownSinceMs.get(sequence)
    const passed = Number(claimed_at) - Number(unsure_since)
    return { looks, elapsedMs: since === undefined ? passed : Math.min(passed, timers.elapsedMs() - since) }
  }

  function witness(sequence: number): void {
    const [oldest] = unknownSinceMs.keys()
    if (unknownSinceMs.size >= witnessed && oldest !== undefined) unknownSinceMs.delete(oldest)
    unknownSinceMs.set(sequence, timers.elapsedMs())
  }

  /** Until its files are there. Nothing was tried, so nothing is counted. */
  async function giveBack({ sequence, attempts }: DeliveryRow): Promise<void> {
    await store.deliveries.giveBack(sequence, owner, fileLookMs, { attempts: attempts - 1 })
  }

  function take(delivery: ClaimedDelivery, takenAtMs: number): void {
    const { game, sequence } = delivery
    breakers.began(game)
    const work = deliver(delivery, takenAtMs)
      .catch((error: unknown) => log.error({ err: error, sequence }, 'an outcome could not be written down'))
      .then((outcome) => {
        note(game, breakers.ended(game, outcome ?? undefined))
        inHand.delete(sequence)
        lookNow()
      })
    inHand.set(sequence, work)
  }

  function note(game: string, change: 'out' | 'back' | undefined): void {
    if (change === undefined) return
    for (const one of breakers.sharing(game)) metrics.vendorOut.set({ game: one }, breakers.isOut(one) ? 1 : 0)
    if (change === 'out') {
      log.warn({ game }, 'the vendor is out; deliveries wait')
      return
    }
    log.info({ game }, 'the vendor is back')
    const hurrying = breakers.sharing(game).map((one) => store.deliveries.hurry(one))
    Promise.all(hurrying).then(lookNow, (error: unknown) => log.error({ err: error }, 'the outbox could not be woken'))
  }

  async function deliverDue(): Promise<number> {
    const due = await takeDue()
    await Promise.all(due.map(({ sequence }) => inHand.get(sequence)))
    return due.length
  }

  async function loop(): Promise<void> {
    while (running) {
      rung = false
      const due = await takeDue().catch((error: unknown) => {
        log.error({ err: error }, 'the outbox could not be read')
        return []
      })
      if (due.length === 0) await sleep()
    }
  }

  function sleep(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(rung ? 0 : longestSleepMs, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  function lookNow(): void {
    rung = true
    wake()
  }

  let looping: Promise<void> | undefined
  // While a vendor is out, news for it wakes nobody.
  const stopListening = notifier.outbox.listen((game) => {
    if (breakers.room(game) > 0) lookNow()
  })

  return {
    deliverDue,
    start: () => {
      running = true
      looping ??= loop()
    },
    stop: async () => {
      running = false
      stopListening()
      lookNow()
      await looping
      const endTimeout = timers.after(drainTimeoutMs, () => stopping.abort())
      await Promise.all(inHand.values())
      endTimeout()
      await store.deliveries.release(owner).catch(() => undefined)
    },
  }
}

/** A vendor that stalls is noticed much sooner, by whoever speaks to it. */
function allowedFor({ attachments }: Payload): number {
  const bytes = attachments.reduce((sum, { file_size }) => sum + Number(file_size), 0)
  return attemptMs + Math.ceil(bytes / leastBytesPerMs)
}

/** A refusal is the message's own, and so is what fails again after the vendor took others: neither says it is out. */
function stateOf(delivery: DeliveryRow, { code, retryAfterMs }: VendorError): Outcome | undefined {
  if (code === 'refused' || code === 'missing') return { ok: true }
  if (delivery.choked > 0) return undefined
  return { ok: false, message: delivery.sequence, retryAfterMs, isGames: code === 'misconfigured' }
}

/** Each comes first in turn, so that none with much to send keeps the others from what room there is. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length > 0 ? by % items.length : 0
  return [...items.slice(start), ...items.slice(0, start)]
}
