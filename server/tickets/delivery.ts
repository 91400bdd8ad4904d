/**
 * The outbox's worker: takes what players were promised to the vendor, each ticket in order. A lease that is kept alive
 * marks what is in hand; whatever a dead relay held is free again when its leases run out.
 */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { Games, LiveGame } from '../games.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { randomId } from '../random.ts'
import type { DeliveryRow } from '../store/deliveries.ts'
import type { Store } from '../store/store.ts'
import { VendorError } from '../vendors/vendor.ts'
import { type FilesOf, waitsForFiles } from './cargo-files.ts'
import { createOutcomes } from './outcome.ts'
import { createPaces, type Outcome } from './paces.ts'
import { type Cargo, loadCargo, type Sent, send } from './send.ts'

export interface DeliveryParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
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

const leaseMs = 6_000
const renewMs = 2_000
/** The longest sleep: another relay may have put something out without our bell ringing. */
const longestSleepMs = 1_000
const attemptMs = 30_000
/** An attempt that brings files may take longer by so much: at the pace of a slow line, at the least. */
const leastBytesPerMs = 128
/** How soon to look again whether a message's files are there; whoever has looked into one rings earlier. */
const fileLookMs = 2_000
/** How long a stop lets what is in hand come to its end. */
const patienceMs = 5_000
const unknownGameMs = 60_000

export function createDeliveryWorker(parts: DeliveryParts): DeliveryWorker {
  const { store, clock, bells, games, log, metrics, random = Math.random } = parts
  const owner = randomId()
  const outcomes = createOutcomes({ store, clock, bells, owner, random })
  const inHand = new Map<number, Promise<void>>()
  const paces = createPaces(games, clock, random)
  const stopping = new AbortController()
  let running = false
  let turn = 0
  /** A bell that rings while the outbox is being read must not be slept through. */
  let rung = false
  let wake = () => {}

  async function takeDue(): Promise<DeliveryRow[]> {
    const now = clock.now()
    const lease = { owner, now, until: new Date(now.getTime() + leaseMs) }
    const taken: DeliveryRow[] = []
    for (const game of rotated(await store.deliveries.dueGames(now), turn++)) {
      const room = paces.room(game)
      const claimed = room > 0 ? await store.deliveries.claim(game, lease, room) : []
      claimed.forEach(take)
      taken.push(...claimed)
    }
    return taken
  }

  /** @returns what it says of the vendor's state; undefined when the vendor was not asked */
  async function deliver(delivery: DeliveryRow): Promise<Outcome | undefined> {
    const game = games.get(delivery.game)
    if (!game) return postpone(delivery)
    const cargo = await loadCargo(store, delivery)
    if (!cargo) return drop(delivery)
    if (waitsForFiles(cargo.attachments, Number(delivery.created_at), clock.now())) return giveBack(delivery)
    const renewing = setInterval(() => void renew(delivery), renewMs)
    try {
      const result = await attempt(game, cargo)
      const outcome = result instanceof VendorError ? result.code : 'sent'
      metrics.delivered.inc({ game: game.key, operation: delivery.operation, outcome })
      if (!(result instanceof VendorError)) {
        await outcomes.sent(cargo, result)
        return { ok: true }
      }
      log.debug({ game: game.key, attempts: delivery.attempts, vendor: result.message }, 'a delivery failed')
      await outcomes.failed(game, cargo, result)
      return stateOf(result)
    } finally {
      clearInterval(renewing)
    }
  }

  async function attempt(game: LiveGame, cargo: Cargo): Promise<Sent | VendorError> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(allowedMs(cargo))])
      return await send(game, cargo, parts.filesOf, signal)
    } catch (error) {
      if (error instanceof VendorError) return error
      log.error({ err: error, game: game.key }, 'a delivery broke off')
      return new VendorError('unexpected', `${game.vendor.kind}: the delivery broke off`, { cause: error })
    }
  }

  /** Until its files are there. Nothing was tried, so nothing is counted. */
  async function giveBack({ sequence, attempts }: DeliveryRow): Promise<undefined> {
    const not_before = clock.now().getTime() + fileLookMs
    const untried = { attempts: attempts - 1, lease_owner: null, lease_until: 0 }
    await store.deliveries.change(sequence, owner, { not_before, ...untried })
  }

  /** A game that is gone from the configuration may come back. */
  async function postpone({ sequence }: DeliveryRow): Promise<undefined> {
    const not_before = clock.now().getTime() + unknownGameMs
    await store.deliveries.change(sequence, owner, { not_before, lease_owner: null, lease_until: 0 })
  }

  /** What was erased will not. */
  async function drop({ sequence }: DeliveryRow): Promise<undefined> {
    await store.deliveries.done(sequence, owner)
  }

  function renew(delivery: DeliveryRow) {
    const lease_until = clock.now().getTime() + leaseMs
    return store.deliveries.change(delivery.sequence, owner, { lease_until }).catch(() => false)
  }

  function take(delivery: DeliveryRow): void {
    paces.began(delivery.game)
    const work = deliver(delivery)
      .catch((error: unknown) =>
        log.error({ err: error, sequence: delivery.sequence }, 'an outcome could not be written down'),
      )
      .then((outcome) => {
        note(delivery.game, paces.ended(delivery.game, outcome ?? undefined))
        inHand.delete(delivery.sequence)
        ring()
      })
    inHand.set(delivery.sequence, work)
  }

  function note(game: string, change: 'out' | 'back' | undefined): void {
    if (change === 'out') log.warn({ game }, 'the vendor is out; deliveries wait')
    if (change !== 'back') return
    log.info({ game }, 'the vendor is back')
    const hurrying = paces.sharing(game).map((one) => store.deliveries.hurry(one, clock.now()))
    Promise.all(hurrying).then(ring, (error: unknown) => log.error({ err: error }, 'the outbox could not be woken'))
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
      const timer = setTimeout(resolve, rung ? 0 : longestSleepMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function ring(): void {
    rung = true
    wake()
  }

  let looping: Promise<void> | undefined
  // While a vendor is out, news for it wakes nobody.
  const stopListening = bells.outbox.listen((game) => {
    if (paces.room(game) > 0) ring()
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
      ring()
      await looping
      const patience = setTimeout(() => stopping.abort(), patienceMs)
      await Promise.all(inHand.values())
      clearTimeout(patience)
      await store.deliveries.release(owner).catch(() => undefined)
    },
  }
}

/** A vendor that stalls is noticed much sooner, by whoever speaks to it. */
function allowedMs({ attachments }: Cargo): number {
  const bytes = attachments.reduce((sum, { file_size }) => sum + Number(file_size), 0)
  return attemptMs + Math.ceil(bytes / leastBytesPerMs)
}

/** A refusal is the message's own; anything else slows down whatever else is meant for that vendor. */
function stateOf({ code, retryAfterMs }: VendorError): Outcome {
  if (code === 'refused' || code === 'missing') return { ok: true }
  return { ok: false, retryAfterMs, isGames: code === 'misconfigured' }
}

/** Each comes first in turn, so that none with much to send keeps the others from what room there is. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length > 0 ? by % items.length : 0
  return [...items.slice(start), ...items.slice(0, start)]
}
