/** One delivery made to one vendor, looking for its mark first where an earlier attempt may have got through. */
import type { LiveGame } from '../../config/games.ts'
import type { AttachmentRow } from '../../store/attachments.ts'
import type { LateCopyRow } from '../../store/copies.ts'
import type { DeliveryRow } from '../../store/deliveries.ts'
import type { MessageRow } from '../../store/messages.ts'
import type { Ledger } from '../../store/store.ts'
import type { TicketRow } from '../../store/tickets.ts'
import {
  type Closing,
  type Opened,
  type Opening,
  type Reply,
  VendorError,
  type VendorFileId,
  type VendorMessageId,
  type VendorPlayer,
  type VendorTicketId,
  type VendorTicketRef,
} from '../../vendors/vendor.ts'
import { type Link, lastLink, loadChain, startsNewLink } from '../chain.ts'
import { besideWords } from '../sent-along.ts'
import { vendorPlayer } from '../vendor-player.ts'
import { backoffMs } from './backoff.ts'
import type { Lease } from './lease.ts'
import type { FilesOf, PayloadFiles } from './payload-files.ts'
import { isSettled, type Unsure } from './settling.ts'

/** Everything a delivery is about, read from the ledger in one go. */
export interface Payload {
  delivery: DeliveryRow
  ticket: TicketRow
  player: VendorPlayer
  chain: readonly Link[]
  message: MessageRow | undefined
  attachments: readonly AttachmentRow[]
  /** Read only when an earlier attempt may have got through. */
  linked: ReadonlySet<VendorTicketId>
  /** Set while an earlier attempt may have got through. */
  unsure: Unsure | undefined
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
  /** An earlier attempt had got through: this one sent nothing. */
  isFound?: boolean
}

/** An earlier attempt may have got through, and the vendor does not show it yet: nothing was sent. */
export const notShownYet = Symbol('not shown yet')

/** @returns undefined when what it was about is gone, so that there is nothing left to deliver */
export async function loadPayload(
  ledger: Ledger,
  delivery: DeliveryRow,
  unsure: Unsure | undefined,
): Promise<Payload | undefined> {
  const [ticket, row, message] = await Promise.all([
    ledger.tickets.find(delivery.ticket_id),
    ledger.players.find(delivery.player),
    delivery.message_id === null ? undefined : ledger.messages.find(delivery.message_id),
  ])
  if (!ticket || !row || (delivery.message_id !== null && !message)) return undefined
  const attachments = message ? await ledger.attachments.of([message.id]) : []
  const chain = await loadChain(ledger, ticket)
  const linked = unsure ? await linkedTo(ledger, delivery) : new Set<VendorTicketId>()
  return { delivery, ticket, player: vendorPlayer(row, ticket.signed), chain, message, attachments, linked, unsure }
}

/** A player's vendor tickets that are known to be other messages'. */
async function linkedTo(ledger: Ledger, { player }: Pick<DeliveryRow, 'player'>): Promise<ReadonlySet<VendorTicketId>> {
  return new Set((await ledger.tickets.chainsOf(player)).map((link) => link.vendor_ticket_id))
}

/** What {@link Vendor.findOpened} needs to look for a message that may stand at the vendor a second time. */
export async function loadCopySought(
  ledger: Ledger,
  game: LiveGame,
  sought: Pick<LateCopyRow, 'mark' | 'player' | 'ticket_id' | 'message_id'>,
): Promise<{ ticket: TicketRow; opening: Opening } | undefined> {
  const [ticket, row, message] = await Promise.all([
    ledger.tickets.find(sought.ticket_id),
    ledger.players.find(sought.player),
    ledger.messages.find(sought.message_id),
  ])
  if (!ticket || !row || !message) return undefined
  const payload = {
    delivery: { mark: sought.mark, created_at: ticket.created_at },
    ticket,
    player: vendorPlayer(row, ticket.signed),
    chain: [],
    message,
    linked: await linkedTo(ledger, { player: ticket.player }),
  }
  return { ticket, opening: openingOf(game, payload, { files: [], absent: [] }) }
}

/** @throws VendorError, LeaseLost */
export async function send(
  game: LiveGame,
  payload: Payload,
  filesOf: FilesOf,
  lease: Lease,
): Promise<Sent | typeof notShownYet> {
  const { signal } = lease
  switch (payload.delivery.operation) {
    case 'open':
    case 'reply':
      return startsNewLink(payload.ticket, payload.chain, game.can)
        ? open(game, payload, await filesOf(payload.attachments), lease)
        : reply(game, payload, await filesOf(payload.attachments), lease)
    case 'close':
      return onEveryLink(payload, (closing) => game.vendor.close?.(closing, signal))
    case 'reopen':
      if (game.can.reopen === 'follow-up') return { isFollowedUp: true }
      return onLastLink(payload, (ref) => game.vendor.reopen?.(ref, signal))
    case 'rate':
      return onLastLink(payload, (ref) => rate(game, payload.ticket, ref, signal))
    default:
      throw new VendorError('refused', `${game.vendor.kind}: no such operation`)
  }
}

async function open(
  game: LiveGame,
  payload: Payload,
  files: PayloadFiles,
  lease: Lease,
): Promise<Sent | typeof notShownYet> {
  const { vendor } = game
  const opening = openingOf(game, payload, files)
  if (payload.unsure && vendor.findOpened) {
    const found = await vendor.findOpened(opening, lease.signal)
    if (found) return { ...sentBy(found), isFound: true }
    if (!isSettled(payload.unsure, settleMs(game, payload.delivery))) return notShownYet
  }
  await lease.begin()
  return sentBy(await vendor.open(opening, lease.signal))
}

function sentBy({ vendorTicketId: opened, vendorMessageId, missing }: Opened): Sent {
  return { opened, vendorMessageId, missing }
}

async function reply(
  game: LiveGame,
  payload: Payload,
  files: PayloadFiles,
  lease: Lease,
): Promise<Sent | typeof notShownYet> {
  const { vendor } = game
  const reply = replyOf(payload, files)
  if (payload.unsure && vendor.findOpened && payload.delivery.operation === 'open') {
    // What was written after it has opened the ticket meanwhile.
    const found = await vendor.findOpened(openingOf(game, payload, files), lease.signal)
    if (found) return { ...sentBy(found), isFound: true }
  }
  if (payload.unsure && vendor.findReplied) {
    const found = await vendor.findReplied(reply, lease.signal)
    if (found) return { ...found, isFound: true }
    if (!isSettled(payload.unsure, settleMs(game, payload.delivery))) return notShownYet
  }
  if (!vendor.reply) throw new VendorError('refused', `${vendor.kind}: takes no replies`)
  await lease.begin()
  return vendor.reply(reply, lease.signal)
}

/** How long the vendor may take to show what it took; what it fails on again and again waits as long as any failure. */
export function settleMs({ config }: LiveGame, { failures }: Pick<DeliveryRow, 'failures'>): number {
  return Math.max(config.vendor.settleSeconds * 1_000, failures > 0 ? backoffMs(failures, 0) : 0)
}

async function onEveryLink(payload: Payload, act: (closing: Closing) => Promise<void> | undefined): Promise<Sent> {
  const last = lastLink(payload.chain)
  for (const link of payload.chain) await act({ ...link.ref, isFollowedUp: link !== last })?.catch(unlessMissing)
  return {}
}

/** What an agent has removed needs no closing, and must not keep the rest of its chain open. */
function unlessMissing(error: unknown): void {
  if (!(error instanceof VendorError) || error.code !== 'missing') throw error
}

async function onLastLink(payload: Payload, act: (ref: VendorTicketRef) => Promise<void> | undefined): Promise<Sent> {
  const link = lastLink(payload.chain)
  if (link) await act(link.ref)
  return {}
}

function rate(game: LiveGame, ticket: TicketRow, ref: VendorTicketRef, signal: AbortSignal) {
  if (ticket.rating_score === null) return undefined
  return game.vendor.rate?.(ref, { score: ticket.rating_score, comment: ticket.rating_comment ?? undefined }, signal)
}

function openingOf(
  game: LiveGame,
  payload: Pick<Payload, 'ticket' | 'player' | 'chain' | 'message' | 'linked'> & {
    delivery: Pick<DeliveryRow, 'mark' | 'created_at'>
  },
  files: PayloadFiles,
): Opening {
  const { delivery, ticket, player, chain, message } = payload
  return {
    ...besideWords(game, ticket, player),
    mark: delivery.mark,
    number: ticket.number,
    subject: ticket.subject,
    message: message?.text ?? '',
    // What is sent again may have arrived when it was first sent.
    sentAt: new Date(Math.min(Number(message?.sent_at ?? ticket.created_at), Number(delivery.created_at))),
    ...files,
    follows: lastLink(chain)?.ref.vendorTicketId,
    purpose: 'ticket',
    linked: payload.linked,
  }
}

function replyOf(payload: Payload, files: PayloadFiles): Reply {
  const link = lastLink(payload.chain)
  if (!link) throw new VendorError('missing', 'there is no vendor ticket to reply on')
  return {
    ...link.ref,
    mark: payload.delivery.mark,
    message: payload.message?.text ?? '',
    sentAt: new Date(payload.message?.sent_at ?? 0),
    ...files,
  }
}
