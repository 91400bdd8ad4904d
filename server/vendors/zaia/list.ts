/** A player's tickets at Zaia: one call a status, because `status` is required there, put together newest first. */

import type { CannotTell } from '../find.ts'
import { whatFits } from '../http/batch.ts'
import type { VendorParts } from '../parts.ts'
import type { Vendor } from '../vendor.ts'
import type { ZaiaReader } from './reader.ts'
import { messagesOf, ticketOf } from './translate.ts'
import type { ZaiaConfig } from './wire.ts'

/** Of each status; every ticket costs one further call, for its first line and for who spoke last. */
const pageSize = 10
const maxPages = 100
/** As many ids as an address may well hold. */
const chatsOfOneCall = 50

export interface ListParts {
  config: ZaiaConfig
  reader: ZaiaReader
  parts: VendorParts
  cannotTell: CannotTell
}

export function createList({ config, reader, parts, cannotTell }: ListParts): NonNullable<Vendor['list']> {
  const statuses = [...config.statuses.open, ...config.statuses.closed]
  return async (player, cursor, signal) => {
    const identity = await reader.identity(player, signal)
    const chatIds = await reader.chats(identity, signal)
    // "chatIds default [] = no filter": without a chat there is nothing to ask.
    if (chatIds.length === 0) return { tickets: [] }
    const pageNumber = pageOf(cursor)
    const query = { chatIds: chatIds.slice(0, chatsOfOneCall), pageNumber, pageSize }
    if (chatIds.length > chatsOfOneCall) parts.onHidden('zaia', 'chats beyond those of one list')
    const pages = await Promise.all(statuses.map((status) => reader.tickets(identity, { ...query, status }, signal)))
    const rows = pages.flatMap((page) => page.tickets)
    if (rows.length === 0 && pages.some(({ unreadable }) => unreadable.length > 0))
      cannotTell('GET /api/v1/tickets/details: every row')
    const tickets = await whatFits(rows, async (ticket) =>
      ticketOf(ticket, messagesOf(await reader.shownMessages(ticket, signal), config), config),
    )
    tickets.sort((one, other) => other.updatedAt.getTime() - one.updatedAt.getTime())
    const isLast = pages.every((page) => page.isLast) || pageNumber >= maxPages
    return isLast ? { tickets } : { tickets, cursor: String(pageNumber + 1) }
  }
}

/** A cursor is ours alone; one that is not starts anew. */
function pageOf(cursor: string | undefined): number {
  return cursor !== undefined && /^[1-9]\d{0,2}$/.test(cursor) ? Number(cursor) : 1
}
