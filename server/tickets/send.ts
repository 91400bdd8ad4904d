/** One delivery made to one vendor, looking for its mark first where an earlier attempt may have got through. */
import type { LiveGame } from '../games.ts'
import type { AttachmentRow } from '../store/attachments.ts'
import type { DeliveryRow } from '../store/deliveries.ts'
import type { MessageRow } from '../store/messages.ts'
import type { Ledger } from '../store/store.ts'
import type { TicketRow } from '../store/tickets.ts'
import {
  type Opening,
  type Reply,
  VendorError,
  type VendorFileId,
  type VendorMessageId,
  type VendorPlayer,
  type VendorTicketId,
  type VendorTicketRef,
} from '../vendors/vendor.ts'
import type { CargoFiles, FilesOf } from './cargo-files.ts'
import { type Link, lastLink, loadChain, startsNewLink } from './chain.ts'
import { vendorPlayer } from './vendor-player.ts'

/** Everything a delivery is about, read from the ledger in one go. */
export interface Cargo {
  delivery: DeliveryRow
  ticket: TicketRow
  player: VendorPlayer
  chain: readonly Link[]
  message: MessageRow | undefined
  attachments: readonly AttachmentRow[]
  /** Read only when an earlier attempt may have got through. */
  linked: ReadonlySet<VendorTicketId>
}

/** What the vendor answered, as far as the ledger has to know. */
export interface Sent {
  /** A vendor ticket that this delivery opened. */
  opened?: VendorTicketId | undefined
  /** Reopened where the vendor cannot: what is said next opens a further vendor ticket. */
  isFollowedUp?: boolean
  vendorMessageId?: VendorMessageId | undefined
  /** Files that were to be at the vendor already and are not. */
  missing?: readonly VendorFileId[] | undefined
}

/** @returns undefined when what it was about is gone, so that there is nothing left to deliver */
export async function loadCargo(ledger: Ledger, delivery: DeliveryRow): Promise<Cargo | undefined> {
  const [ticket, row, message] = await Promise.all([
    ledger.tickets.find(delivery.ticket_id),
    ledger.players.find(delivery.player),
    delivery.message_id === null ? undefined : ledger.messages.find(delivery.message_id),
  ])
  if (!ticket || !row || (delivery.message_id !== null && !message)) return undefined
  const attachments = message ? await ledger.attachments.of([message.id]) : []
  const chain = await loadChain(ledger, ticket)
  const known = delivery.attempts > 1 ? await ledger.tickets.chainsOf(delivery.player) : []
  const linked = new Set(known.map((link) => link.vendor_ticket_id))
  return { delivery, ticket, player: vendorPlayer(row, ticket.signed), chain, message, attachments, linked }
}

/** @throws VendorError */
export async function send(game: LiveGame, cargo: Cargo, filesOf: FilesOf, signal: AbortSignal): Promise<Sent> {
  switch (cargo.delivery.operation) {
    case 'open':
    case 'reply':
      return startsNewLink(cargo.ticket, cargo.chain, game.can)
        ? open(game, cargo, await filesOf(cargo.attachments), signal)
        : reply(game, cargo, await filesOf(cargo.attachments), signal)
    case 'close':
      return onEveryLink(cargo, (ref) => game.vendor.close?.(ref, signal))
    case 'reopen':
      if (game.can.reopen === 'follow-up') return { isFollowedUp: true }
      return onLastLink(cargo, (ref) => game.vendor.reopen?.(ref, signal))
    case 'rate':
      return onLastLink(cargo, (ref) => rate(game, cargo.ticket, ref, signal))
    default:
      throw new VendorError('refused', `${game.vendor.kind}: no such operation`)
  }
}

async function open(game: LiveGame, cargo: Cargo, files: CargoFiles, signal: AbortSignal): Promise<Sent> {
  const opening = openingOf(game, cargo, files)
  const found = mayHaveArrived(cargo) ? await game.vendor.findOpened?.(opening, signal) : undefined
  const opened = found ?? (await game.vendor.open(opening, signal))
  return { opened: opened.vendorTicketId, vendorMessageId: opened.vendorMessageId, missing: opened.missing }
}

async function reply(game: LiveGame, cargo: Cargo, files: CargoFiles, signal: AbortSignal): Promise<Sent> {
  const { vendor } = game
  const reply = replyOf(cargo, files)
  const found = mayHaveArrived(cargo) ? await vendor.findReplied?.(reply, signal) : undefined
  if (found) return found
  if (!vendor.reply) throw new VendorError('refused', `${vendor.kind}: takes no replies`)
  return vendor.reply(reply, signal)
}

async function onEveryLink(cargo: Cargo, act: (ref: VendorTicketRef) => Promise<void> | undefined): Promise<Sent> {
  for (const { ref } of cargo.chain) await act(ref)?.catch(unlessMissing)
  return {}
}

/** What an agent has removed needs no closing, and must not keep the rest of its chain open. */
function unlessMissing(error: unknown): void {
  if (!(error instanceof VendorError) || error.code !== 'missing') throw error
}

async function onLastLink(cargo: Cargo, act: (ref: VendorTicketRef) => Promise<void> | undefined): Promise<Sent> {
  const link = lastLink(cargo.chain)
  if (link) await act(link.ref)
  return {}
}

function rate(game: LiveGame, ticket: TicketRow, ref: VendorTicketRef, signal: AbortSignal) {
  if (ticket.rating_score === null) return undefined
  return game.vendor.rate?.(ref, { score: ticket.rating_score, comment: ticket.rating_comment ?? undefined }, signal)
}

/** The attempt is counted before it is made, so a crash in its middle leaves this true. */
function mayHaveArrived({ delivery }: Cargo): boolean {
  return delivery.attempts > 1
}

function openingOf(game: LiveGame, cargo: Cargo, files: CargoFiles): Opening {
  const { delivery, ticket, player, chain, message } = cargo
  const category = game.config.form.categories.find(({ id }) => id === ticket.category)
  return {
    mark: delivery.mark,
    player,
    number: ticket.number,
    subject: ticket.subject,
    message: message?.text ?? '',
    sentAt: new Date(message?.sent_at ?? ticket.created_at),
    language: ticket.language,
    category: category ? { id: category.id, tags: category.tags } : undefined,
    fields: JSON.parse(ticket.fields),
    claimed: JSON.parse(ticket.claimed),
    ...files,
    follows: lastLink(chain)?.ref.vendorTicketId,
    purpose: 'ticket',
    linked: cargo.linked,
    answerTo: ticket.answer_to ?? undefined,
  }
}

function replyOf(cargo: Cargo, files: CargoFiles): Reply {
  const link = lastLink(cargo.chain)
  if (!link) throw new VendorError('missing', 'there is no vendor ticket to reply on')
  return {
    ...link.ref,
    mark: cargo.delivery.mark,
    message: cargo.message?.text ?? '',
    sentAt: new Date(cargo.message?.sent_at ?? 0),
    ...files,
  }
}
