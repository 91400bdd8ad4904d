/**
 * The vendor tickets behind one ticket. Where a vendor takes no replies from players, or cannot reopen, the next message
 * opens a further one that names the last; the player sees one ticket.
 */
import type { Can } from '../contract/can.ts'
import type { SentLine } from '../contract/ticket.ts'
import type { Ledger } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { TicketRow } from '../store/tickets.ts'
import type { VendorTicketId, VendorTicketRef } from '../vendors/vendor.ts'
import { givenOn, lineKey } from './sent-along.ts'
import { vendorPlayer } from './vendor-player.ts'

/** One vendor ticket, and what an adapter needs to speak of it. */
export interface Link {
  position: number
  ref: VendorTicketRef
}

/** The chain with, for each link, the player it was opened as. */
export async function loadChain(ledger: Ledger, ticket: TicketRow): Promise<Link[]> {
  const rows = await ledger.tickets.chain(ticket.id)
  const players = await ledger.players.findAll([...new Set(rows.map(({ player }) => player))])
  return rows.flatMap(({ position, player, vendor_ticket_id: vendorTicketId, opened_at }) => {
    const opener = players.find((row) => row.player === player)
    if (!opener) return []
    const openedAt = new Date(Number(opened_at))
    const ref = { vendorTicketId, player: vendorPlayer(opener, ticket.signed), number: ticket.number, openedAt }
    return [{ position, ref }]
  })
}

/** Whether the next message opens a new vendor ticket rather than going on the last. */
export function startsNewLink(ticket: TicketRow, chain: readonly Link[], can: Can): boolean {
  return chain.length === 0 || can.reply === 'follow-up' || ticket.follow_up === 1
}

/** The newest vendor ticket of a chain. */
export function lastLink(chain: readonly Link[]): Link | undefined {
  return chain.at(-1)
}

/** A fixed number of vendor tickets for one reading, whatever the chain's length; more only to bring a history back. */
const newestLinks = 2
const hintedLinks = 3
const linksBroughtBack = 10

export interface WhatToRead {
  /** Positions that a vendor has hinted at. */
  wanted: ReadonlySet<number> | undefined
  /** Nothing that was said is here any more, or yet. */
  isEmpty: boolean
}

/** An agent may answer any ticket of a chain: the newest are always read, the others when hinted at, else one by chance. */
export function linksToRead(chain: readonly Link[], { wanted, isEmpty }: WhatToRead): readonly Link[] {
  if (isEmpty) return chain.slice(-linksBroughtBack)
  const older = chain.slice(0, -newestLinks)
  const hinted = older.filter(({ position }) => wanted?.has(position)).slice(-hintedLinks)
  const chosen = Math.floor(Math.random() * older.length)
  return [...(hinted.length > 0 ? hinted : older.slice(chosen, chosen + 1)), ...chain.slice(-newestLinks)]
}

/** What a vendor has just opened. */
export interface Opened {
  vendorTicketId: VendorTicketId
  /** As whom: not always whose the ticket is by now. */
  player: PlayerKey
  openedAt: Date
  /** What it was opened with; absent where only its mark is known. */
  given?: readonly SentLine[] | undefined
}

/**
 * Adds what was just opened; the player's reopening, if there was one, is done with.
 *
 * @returns its position, or null where the vendor named a ticket that another of ours is made of already
 */
export async function addLink(
  ledger: Ledger,
  ticket: TicketRow,
  { vendorTicketId, player, openedAt, given }: Opened,
): Promise<number | null> {
  const chain = await ledger.tickets.chain(ticket.id)
  const position = (chain.at(-1)?.position ?? 0) + 1
  const isLinked = await ledger.tickets.link({
    ticket_id: ticket.id,
    position,
    game: ticket.game,
    vendor_ticket_id: vendorTicketId,
    player,
    opened_at: openedAt.getTime(),
    given: unlessKnown(given ?? [], chain),
  })
  await ledger.tickets.change(ticket.id, { follow_up: 0 })
  return isLinked ? position : null
}

/** Only what no earlier one was given: where every message is a follow-up, the same would be kept as often as they write. */
function unlessKnown(given: readonly SentLine[], chain: Parameters<typeof givenOn>[0]): string | null {
  const known = new Set(givenOn(chain).map(lineKey))
  const more = given.filter((line) => !known.has(lineKey(line)))
  return more.length > 0 ? JSON.stringify(more) : null
}
