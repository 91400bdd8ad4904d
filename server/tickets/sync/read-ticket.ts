/** Reads one ticket at its vendor, link by link, and writes down what is heard. */

import type { Games } from '../../config/games.ts'
import type { TicketId } from '../../contract/ids.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'
import type { TicketRow } from '../../store/tickets.ts'
import { type Vendor, VendorError } from '../../vendors/vendor.ts'
import { type Link, linksToRead, loadChain } from '../chain.ts'
import type { Copies } from '../delivery/duplicates.ts'
import { applyConversation } from './apply.ts'

export interface ReadParts {
  store: Store
  clock: Clock
  notifier: Notifier
  games: Games
  copies: Pick<Copies, 'tell'>
  /** A vendor ticket of a chain that the vendor does not show, or not as it should. */
  onPassedOver: (error: VendorError) => void
}

export interface WhatToRead {
  /** Positions of its chain that something has changed on. */
  wanted: ReadonlySet<number>
  /** Those and no others. */
  only: boolean
  /** Nobody looks, and nothing says that anything changed: what has outlived its retention must not come back. */
  isUnasked: boolean
}

/** Makes one call of an adapter within the time and the budget there is for it. */
export type Ask = <T>(act: (signal: AbortSignal) => Promise<T>) => Promise<T>

interface Reading {
  vendor: Vendor
  ticket: TicketRow
  ask: Ask
  isUnasked: boolean
}

/** Positions of a chain that the vendor was asked for. */
export interface TicketRead {
  heard: number[]
  /** The vendor has them no more, or not yet. */
  gone: number[]
}

/**
 * @returns undefined where there is nothing to read
 * @throws VendorError where the vendor cannot be asked just now
 */
export type ReadTicket = (id: TicketId, what: WhatToRead, ask: Ask) => Promise<TicketRead | undefined>

export function createReadTicket({ store, clock, notifier, games, copies, onPassedOver }: ReadParts): ReadTicket {
  async function readLink({ vendor, ticket, isUnasked, ask }: Reading, link: Link): Promise<void> {
    const askedSince = Number((await store.tickets.find(ticket.id))?.heard_at)
    const conversation = await ask(async (signal) => vendor.read?.(link.ref, signal))
    if (!conversation) return
    const lastHeardAt = Number(ticket.heard_at)
    const heard = { link: link.position, conversation, lastHeardAt, askedSince }
    const { isNews, newCopies } = await store.transaction(async (ledger) => {
      // Read again inside the transaction: the player may have written meanwhile.
      const now = await ledger.tickets.lock(ticket.id)
      const isGone = !now || (isUnasked && now.emptied === 1)
      return !isGone ? applyConversation(ledger, now, heard, clock.now()) : { isNews: false, newCopies: 0 }
    })
    for (let copy = 0; copy < newCopies; copy += 1) copies.tell({ ticket })
    if (isNews) notifier.player.notify(ticket.player)
  }

  async function readLinks(reading: Reading, links: readonly Link[]): Promise<TicketRead> {
    const read: TicketRead = { heard: [], gone: [] }
    for (const link of links) {
      try {
        await readLink(reading, link)
        read.heard.push(link.position)
      } catch (error) {
        // An agent may have removed one vendor ticket of a chain: what stands on the others is still for the player.
        if (!(error instanceof VendorError) || !['missing', 'unexpected'].includes(error.code)) throw error
        if (error.code === 'missing') read.gone.push(link.position)
        onPassedOver(error)
      }
    }
    return read
  }

  return async (id, what, ask) => {
    const ticket = await store.tickets.find(id)
    const vendor = ticket && games.get(ticket.game)?.vendor
    if (!ticket || !vendor?.read || (what.isUnasked && ticket.emptied === 1)) return undefined
    const links = linksFor(what, ticket, await loadChain(store, ticket))
    return links.length > 0 ? readLinks({ vendor, ticket, ask, isUnasked: what.isUnasked }, links) : undefined
  }
}

function linksFor(
  { wanted, only }: Pick<WhatToRead, 'wanted' | 'only'>,
  ticket: TicketRow,
  chain: readonly Link[],
): readonly Link[] {
  if (only) return chain.filter(({ position }) => wanted.has(position))
  return linksToRead(chain, { wanted, isEmpty: ticket.newest_author === null })
}
