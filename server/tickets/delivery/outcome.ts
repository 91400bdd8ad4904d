/** Writes down what came of a delivery. A relay whose lease was taken over leaves failures to the one that took it. */

import type { LiveGame } from '../../config/games.ts'
import type { DeliveryProblemCode } from '../../contract/problem-code.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { NewEvent } from '../../store/events.ts'
import type { MessageRow } from '../../store/messages.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Ledger, Store } from '../../store/store.ts'
import type { VendorError, VendorErrorCode } from '../../vendors/vendor.ts'
import { addLink, lastLink, startsNewLink } from '../chain.ts'
import { besideWords, linesOf } from '../sent-along.ts'
import { backoffMs } from './backoff.ts'
import { type Copies, firstLookForCopyMs } from './duplicates.ts'
import { type Payload, type Sent, settleMs } from './send.ts'
import { nextLookMs } from './settling.ts'

export interface OutcomeParts {
  store: Store
  clock: Clock
  notifier: Notifier
  copies: Copies
  /** The holder of the leases. */
  owner: string
  random: () => number
}

/** What is known of an attempt that failed. */
export interface Attempted {
  error: VendorError
  /** Words were about to go, so that the row says they may have arrived. */
  hasBegun: boolean
  /** They may really have. */
  mayHaveArrived: boolean
}

/** What became of a failed delivery, for the log. */
export type Failed = 'waits' | 'parked'

/** What the player is told while, or because, a message does not arrive. */
const problemOf: Record<VendorErrorCode, DeliveryProblemCode> = {
  refused: 'vendor_refused',
  misconfigured: 'vendor_misconfigured',
  missing: 'vendor_refused',
  unreachable: 'vendor_unreachable',
  busy: 'vendor_unreachable',
  unexpected: 'vendor_unreachable',
}

/**
 * A message is the trouble, and not its vendor, once it has failed so often after the vendor had taken others, and for so
 * long: a vendor that is merely shaky takes it before.
 */
const chokedBeforeParked = 4
const failingBeforeParkedMs = 300_000

const free = { lease_owner: null, lease_until: 0 } as const

export function createOutcomes({ store, clock, notifier, copies, owner, random }: OutcomeParts) {
  /** Whoever holds the lease by now: what has arrived has arrived. */
  async function sent(game: LiveGame, payload: Payload, what: Sent): Promise<void> {
    const { delivery, ticket } = payload
    const isWritten = await store.transaction(async (ledger) => {
      if (!(await ledger.deliveries.done(delivery.sequence))) return false
      await writeDown(ledger, game, payload, what, clock.now())
      if (!what.isFound) await ledger.deliveries.noteTaken(delivery.game)
      if (game.vendor.findOpened && what.opened) await expectCopy(ledger, payload)
      return true
    })
    // Another relay has sent it as well, and was quicker.
    if (!isWritten && what.opened) await copies.link(payload, what.opened)
    notifier.player.notify(ticket.player)
    notifier.delivered.notify(ticket.id)
  }

  /** An attempt before this one has never been seen: should it come to light, that is noticed. */
  async function expectCopy(ledger: Ledger, { delivery, ticket, unsure }: Payload): Promise<void> {
    if (delivery.message_id === null || (delivery.resent === 0 && !unsure)) return
    const { mark, game, player, message_id } = delivery
    await ledger.copies.expect({ mark, game, player, message_id, ticket_id: ticket.id }, firstLookForCopyMs)
  }

  async function failed(game: LiveGame, payload: Payload, attempted: Attempted): Promise<Failed> {
    const { delivery } = payload
    const { code } = attempted.error
    if (code === 'missing' && (await startOver(game, payload))) return 'waits'
    const isForGood = code === 'refused' || code === 'missing'
    // What the vendor will not reopen (a ticket force-closed there), what the player says next follows up.
    if (isForGood && delivery.operation === 'reopen') {
      await sent(game, payload, { isFollowedUp: true })
      return 'waits'
    }
    if (isForGood) return park(payload, problemOf[code], attempted)
    return tryLater(game, payload, attempted)
  }

  async function tryLater(game: LiveGame, payload: Payload, attempted: Attempted): Promise<Failed> {
    const { delivery } = payload
    const { error, mayHaveArrived } = attempted
    const { taken_at, now } = await store.deliveries.lastTaken(delivery.game)
    const hasTakenOthers = taken_at !== undefined && delivery.failed_at !== null && taken_at > delivery.failed_at
    // A vendor that asks for time chokes on nothing.
    const choked = delivery.choked + (hasTakenOthers && error.code !== 'busy' ? 1 : 0)
    const first_failed_at = delivery.first_failed_at ?? now
    if (choked >= chokedBeforeParked && now - Number(first_failed_at) >= failingBeforeParkedMs)
      return park(payload, 'vendor_failed', attempted)
    const failures = delivery.failures + 1
    const change = { failures, choked, first_failed_at, failed_at: now, problem_code: problemOf[error.code] }
    const waitMs = backoffMs(failures, random(), error.retryAfterMs)
    const { sequence } = delivery
    if (mayHaveArrived) {
      const lookMs = canLook(game, payload) ? nextLookMs(0, settleMs(game, { failures })) : waitMs
      await store.deliveries.giveBackUnsure(sequence, owner, lookMs, change)
    } else await store.deliveries.giveBack(sequence, owner, waitMs, { ...change, ...known(attempted) })
    return 'waits'
  }

  /** The vendor was asked in vain, and is asked again. Nothing was sent, so no attempt is counted. */
  async function notShownYet(game: LiveGame, { delivery, unsure }: Payload): Promise<void> {
    const waitMs = nextLookMs(unsure?.elapsedMs ?? 0, settleMs(game, delivery))
    const change = { looks: delivery.looks + 1, attempts: delivery.attempts - 1 }
    await store.deliveries.giveBack(delivery.sequence, owner, waitMs, change)
  }

  /** The vendor no longer has the ticket: what the player says next opens another rather than being lost. */
  async function startOver(game: LiveGame, { delivery, ticket, chain }: Payload): Promise<boolean> {
    if (delivery.operation !== 'reply' || startsNewLink(ticket, chain, game.can)) return false
    await store.transaction(async (ledger) => {
      await ledger.tickets.change(ticket.id, { follow_up: 1 })
      const anew = { attempts: 0, not_before: 0, unsure_since: null, writing: 0, looks: 0 }
      await ledger.deliveries.change(delivery.sequence, owner, { ...anew, ...free })
    })
    return true
  }

  /** It stands before nobody any more; its player or an operator may send it again. */
  async function park(
    { delivery, ticket, message }: Payload,
    problem_code: DeliveryProblemCode,
    attempted: Attempted,
  ): Promise<Failed> {
    const mayHaveArrived = attempted.hasBegun ? attempted.mayHaveArrived : undefined
    const isParked = await store.transaction(async (ledger) => {
      if (!(await ledger.deliveries.park(delivery.sequence, owner, problem_code, mayHaveArrived))) return false
      if (!message) return true
      await ledger.messages.change(message.id, { delivery: 'failed', problem_code })
      await ledger.events.add(ticket.player, clock.now(), deliveryEvent(message))
      return true
    })
    notifier.player.notify(ticket.player)
    return isParked ? 'parked' : 'waits'
  }

  return { sent, failed, notShownYet }
}

/** An attempt that was begun and surely came to nothing leaves nothing to look for. */
function known({ hasBegun, mayHaveArrived }: Attempted) {
  return hasBegun && !mayHaveArrived ? { unsure_since: null, looks: 0 } : {}
}

function canLook({ vendor, can }: LiveGame, { ticket, chain }: Payload): boolean {
  return (startsNewLink(ticket, chain, can) ? vendor.findOpened : vendor.findReplied) !== undefined
}

async function writeDown(ledger: Ledger, game: LiveGame, payload: Payload, sent: Sent, now: Date): Promise<void> {
  const { ticket, chain, message, delivery, attachments } = payload
  await ledger.tickets.change(ticket.id, { heard_at: now.getTime() })
  const opened = sent.opened && {
    vendorTicketId: sent.opened,
    player: delivery.player,
    openedAt: now,
    given: linesOf(besideWords(game, ticket, payload.player)),
  }
  const position = opened ? await addLink(ledger, ticket, opened) : (lastLink(chain)?.position ?? null)
  if (sent.isFollowedUp) await ledger.tickets.change(ticket.id, { follow_up: 1 })
  if (!message) return
  await settleDirect(ledger, payload, sent, now)
  await ledger.messages.change(message.id, {
    delivery: 'delivered',
    problem_code: null,
    vendor_message_id: sent.vendorMessageId ?? null,
    chain_position: position,
  })
  if (attachments.length > 0) await ledger.attachments.handOver(message.id)
  await ledger.events.add(ticket.player, now, deliveryEvent(message))
}

/** Files that went straight to the vendor: only now is it sure whether they are there. */
async function settleDirect(ledger: Ledger, { ticket, attachments }: Payload, sent: Sent, now: Date): Promise<void> {
  for (const { id, vendor_file_id } of attachments) {
    if (vendor_file_id === null) continue
    const isMissing = sent.missing?.includes(vendor_file_id)
    const verdict = isMissing
      ? { state: 'refused' as const, reason: 'unreadable' as const }
      : { state: 'ready' as const }
    if (await ledger.attachments.settle(id, verdict))
      await ledger.events.add(ticket.player, now, { type: 'attachment-changed', attachment_id: id })
  }
}

function deliveryEvent({ ticket_id, id }: MessageRow): NewEvent {
  return { type: 'message-delivery', ticket_id, message_id: id }
}
