/**
 * The outbox's worker: takes what players were promised to the vendor, each ticket in order, and writes down what came of
 * it. A lease that is kept alive marks what is in hand; whatever a dead relay held is free again when its leases run out.
 */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { DeliveryProblemCode } from '../contract/problem-code.ts'
import type { Games, LiveGame } from '../games.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { randomId } from '../random.ts'
import type { DeliveryRow } from '../store/deliveries.ts'
import type { Ledger, Store } from '../store/store.ts'
import { VendorError, type VendorErrorCode } from '../vendors/vendor.ts'
import { backoffMs } from './backoff.ts'
import { addLink, lastLink, startsNewLink } from './chain.ts'
import { type Cargo, type FileOf, loadCargo, type Sent, send } from './send.ts'

export interface DeliveryParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  fileOf: FileOf
  log: Log
  metrics: Metrics
  /** From 0 to 1. */
  random?: () => number
}

export interface DeliveryWorker {
  /** Delivers whatever is due now. Resolves with how many were tried. */
  deliverDue: () => Promise<number>
  start: () => void
  /** Finishes what is in hand, or gives it back. */
  stop: () => Promise<void>
}

const atOnce = 16
const leaseMs = 8_000
const renewMs = 2_500
/** The longest sleep: another relay may have put something out without our bell ringing. */
const longestSleepMs = 1_000
const attemptMs = 30_000

/** What the player is told while, or because, a message does not arrive. */
const problemOf: Record<VendorErrorCode, DeliveryProblemCode> = {
  refused: 'vendor_refused',
  misconfigured: 'vendor_misconfigured',
  missing: 'vendor_refused',
  unreachable: 'vendor_unreachable',
  busy: 'vendor_unreachable',
  unexpected: 'vendor_unreachable',
}

export function createDeliveryWorker(parts: DeliveryParts): DeliveryWorker {
  const { store, clock, bells, games, log, metrics, random = Math.random } = parts
  const owner = randomId()
  const inHand = new Map<number, Promise<void>>()
  const aborting = new AbortController()
  let running = false
  /** A bell that rings while the outbox is being read must not be slept through. */
  let rung = false
  let wake = () => {}

  async function claim(): Promise<DeliveryRow[]> {
    const room = atOnce - inHand.size
    if (room <= 0) return []
    const now = clock.now()
    return store.deliveries.claim({ owner, now, until: new Date(now.getTime() + leaseMs) }, room)
  }

  async function deliver(delivery: DeliveryRow): Promise<void> {
    const cargo = await loadCargo(store, delivery)
    const game = games.get(delivery.game)
    if (!cargo || !game) return void (await store.deliveries.done(delivery.sequence, owner))
    const renewing = setInterval(() => void renew(delivery), renewMs)
    try {
      const signal = AbortSignal.any([aborting.signal, AbortSignal.timeout(attemptMs)])
      const sent = await send(game, cargo, parts.fileOf, signal)
      await recordSent(game, cargo, sent)
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      await recordFailure(game, cargo, error)
    } finally {
      clearInterval(renewing)
    }
    bells.player.ring(delivery.player)
  }

  function renew(delivery: DeliveryRow) {
    const lease_until = clock.now().getTime() + leaseMs
    return store.deliveries.change(delivery.sequence, owner, { lease_until }).catch(() => false)
  }

  function recordSent(game: LiveGame, cargo: Cargo, sent: Sent): Promise<void> {
    metrics.delivered.inc({ game: game.key, operation: cargo.delivery.operation, outcome: 'sent' })
    return store.transaction(async (ledger) => {
      // A relay whose lease was taken over leaves the record to the one that took it.
      if (!(await ledger.deliveries.done(cargo.delivery.sequence, owner))) return
      await writeDown(ledger, cargo, sent)
    })
  }

  async function writeDown(ledger: Ledger, cargo: Cargo, sent: Sent): Promise<void> {
    const { ticket, message } = cargo
    const now = clock.now()
    await ledger.tickets.change(ticket.id, { heard_at: now.getTime() })
    const position = sent.opened
      ? await addLink(ledger, ticket, sent.opened, now)
      : (lastLink(cargo.chain)?.position ?? null)
    if (!message) return
    await ledger.messages.change(message.id, {
      delivery: 'delivered',
      problem_code: null,
      vendor_message_id: sent.vendorMessageId ?? null,
      chain_position: position,
    })
    const about = { ticket_id: ticket.id, message_id: message.id }
    await ledger.events.add(ticket.player, 'message-delivery', now, about)
  }

  async function recordFailure(game: LiveGame, cargo: Cargo, error: VendorError): Promise<void> {
    const { delivery } = cargo
    metrics.delivered.inc({ game: game.key, operation: delivery.operation, outcome: error.code })
    log.warn(
      { game: game.key, operation: delivery.operation, attempts: delivery.attempts, vendor: error.message },
      'delivery failed',
    )
    if (error.code === 'missing' && (await startOver(game, cargo))) return
    if (error.code === 'refused' || error.code === 'missing') return giveUp(cargo, problemOf[error.code])
    const wait = backoffMs(delivery.attempts, random(), error.retryAfterMs)
    await store.deliveries.change(delivery.sequence, owner, {
      not_before: clock.now().getTime() + wait,
      problem_code: problemOf[error.code],
      lease_owner: null,
      lease_until: 0,
    })
  }

  /** The vendor no longer has the ticket: what the player says next opens another rather than being lost. */
  async function startOver(game: LiveGame, { delivery, ticket, chain }: Cargo): Promise<boolean> {
    if (delivery.operation !== 'reply' || startsNewLink(ticket, chain, game.can)) return false
    await store.transaction(async (ledger) => {
      await ledger.tickets.change(ticket.id, { follow_up: 1 })
      const again = { attempts: 0, not_before: 0, lease_owner: null, lease_until: 0 }
      await ledger.deliveries.change(delivery.sequence, owner, again)
    })
    return true
  }

  function giveUp({ delivery, ticket, message }: Cargo, problem_code: DeliveryProblemCode): Promise<void> {
    return store.transaction(async (ledger) => {
      const stuck = { state: 'stuck', problem_code, lease_owner: null, lease_until: 0 } as const
      if (!(await ledger.deliveries.change(delivery.sequence, owner, stuck))) return
      if (!message) return
      await ledger.messages.change(message.id, { delivery: 'failed', problem_code })
      const about = { ticket_id: ticket.id, message_id: message.id }
      await ledger.events.add(ticket.player, 'message-delivery', clock.now(), about)
    })
  }

  function take(delivery: DeliveryRow): void {
    const work = deliver(delivery)
      .catch((error: unknown) => log.error({ err: error, sequence: delivery.sequence }, 'a delivery broke off'))
      .finally(() => {
        inHand.delete(delivery.sequence)
        ring()
      })
    inHand.set(delivery.sequence, work)
  }

  async function deliverDue(): Promise<number> {
    const due = await claim()
    due.forEach(take)
    await Promise.all(due.map(({ sequence }) => inHand.get(sequence)))
    return due.length
  }

  async function loop(): Promise<void> {
    while (running) {
      rung = false
      const due = await claim().catch((error: unknown) => {
        log.error({ err: error }, 'the outbox could not be read')
        return []
      })
      due.forEach(take)
      if (due.length === 0 || inHand.size >= atOnce) await sleep()
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
  const stopListening = bells.outbox.listen(ring)

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
      const finished = Promise.all(inHand.values())
      const patience = setTimeout(() => aborting.abort(), 5_000)
      await finished
      clearTimeout(patience)
      await store.deliveries.release(owner).catch(() => undefined)
    },
  }
}
