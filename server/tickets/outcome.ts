/** Writes down what came of a delivery. A relay whose lease was taken over leaves that to the one that took it. */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { DeliveryProblemCode } from '../contract/problem-code.ts'
import type { LiveGame } from '../games.ts'
import type { NewEvent } from '../store/events.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { VendorError, VendorErrorCode } from '../vendors/vendor.ts'
import { backoffMs } from './backoff.ts'
import { addLink, lastLink, startsNewLink } from './chain.ts'
import type { Cargo, Sent } from './send.ts'

export interface OutcomeParts {
  store: Store
  clock: Clock
  bells: Bells
  /** The holder of the leases. */
  owner: string
  random: () => number
}

/** What the player is told while, or because, a message does not arrive. */
const problemOf: Record<VendorErrorCode, DeliveryProblemCode> = {
  refused: 'vendor_refused',
  misconfigured: 'vendor_misconfigured',
  missing: 'vendor_refused',
  unreachable: 'vendor_unreachable',
  busy: 'vendor_unreachable',
  unexpected: 'vendor_unreachable',
}

const free = { lease_owner: null, lease_until: 0 } as const

export function createOutcomes({ store, clock, bells, owner, random }: OutcomeParts) {
  async function sent(cargo: Cargo, what: Sent): Promise<void> {
    await store.transaction(async (ledger) => {
      if (!(await ledger.deliveries.done(cargo.delivery.sequence, owner))) return
      await writeDown(ledger, cargo, what, clock.now())
    })
    bells.player.ring(cargo.ticket.player)
    bells.delivered.ring(cargo.ticket.id)
  }

  async function failed(game: LiveGame, cargo: Cargo, error: VendorError): Promise<void> {
    const { delivery } = cargo
    if (error.code === 'missing' && (await startOver(game, cargo))) return
    const isForGood = error.code === 'refused' || error.code === 'missing'
    // What the vendor will not reopen (a ticket force-closed there), what the player says next follows up.
    if (isForGood && delivery.operation === 'reopen') return sent(cargo, { isFollowedUp: true })
    if (isForGood) return giveUp(cargo, problemOf[error.code])
    const failures = delivery.failures + 1
    const not_before = clock.now().getTime() + backoffMs(failures, random(), error.retryAfterMs)
    const problem_code = problemOf[error.code]
    await store.deliveries.change(delivery.sequence, owner, { failures, not_before, problem_code, ...free })
  }

  /** The vendor no longer has the ticket: what the player says next opens another rather than being lost. */
  async function startOver(game: LiveGame, { delivery, ticket, chain }: Cargo): Promise<boolean> {
    if (delivery.operation !== 'reply' || startsNewLink(ticket, chain, game.can)) return false
    await store.transaction(async (ledger) => {
      await ledger.tickets.change(ticket.id, { follow_up: 1 })
      await ledger.deliveries.change(delivery.sequence, owner, { attempts: 0, not_before: 0, ...free })
    })
    return true
  }

  async function giveUp({ delivery, ticket, message }: Cargo, problem_code: DeliveryProblemCode): Promise<void> {
    await store.transaction(async (ledger) => {
      if (!(await ledger.deliveries.change(delivery.sequence, owner, { state: 'stuck', problem_code, ...free }))) return
      if (!message) return
      await ledger.messages.change(message.id, { delivery: 'failed', problem_code })
      await ledger.events.add(ticket.player, clock.now(), deliveryEvent(message))
    })
    bells.player.ring(ticket.player)
  }

  return { sent, failed }
}

async function writeDown(ledger: Ledger, cargo: Cargo, sent: Sent, now: Date): Promise<void> {
  const { ticket, chain, message, delivery } = cargo
  await ledger.tickets.change(ticket.id, { heard_at: now.getTime() })
  const opened = sent.opened && { vendorTicketId: sent.opened, player: delivery.player, openedAt: now }
  const position = opened ? await addLink(ledger, ticket, opened) : (lastLink(chain)?.position ?? null)
  if (sent.isFollowedUp) await ledger.tickets.change(ticket.id, { follow_up: 1 })
  if (!message) return
  await settleDirect(ledger, cargo, sent, now)
  await ledger.messages.change(message.id, {
    delivery: 'delivered',
    problem_code: null,
    vendor_message_id: sent.vendorMessageId ?? null,
    chain_position: position,
  })
  await ledger.events.add(ticket.player, now, deliveryEvent(message))
}

/** Files that went straight to the vendor: only now is it sure whether they are there. */
async function settleDirect(ledger: Ledger, { ticket, attachments }: Cargo, sent: Sent, now: Date): Promise<void> {
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
