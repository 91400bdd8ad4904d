/** Finding tickets in Thena, by id, by player and by mark, and asking of each whether it is the player's. */
import { splitPath } from '../address.ts'
import type { VendorHttp } from '../http.ts'
import { type Opening, VendorError, type VendorPlayer, type VendorTicketId, type VendorTicketRef } from '../vendor.ts'
import { isRequester, markOf, searchByIdOf, searchOf, searchPageSize } from './translate.ts'
import { OneTicket, type ThenaConfig, ThenaHit, ThenaSearch, type ThenaTicket } from './wire.ts'

interface SearchPage {
  /** Only the player's, whatever the search brought. */
  hits: ThenaHit[]
  isLast: boolean
}

export interface Lookup {
  /** The ticket, once it has proved to be this player's. @throws VendorError `missing` if it is not, or is nobody's */
  ownTicket: (ref: VendorTicketRef, signal: AbortSignal) => Promise<ThenaTicket>
  /** Pages count from 1. */
  searchPage: (player: VendorPlayer, page: number, signal: AbortSignal) => Promise<SearchPage>
  findByMark: (opening: Opening, signal: AbortSignal) => Promise<VendorTicketId | undefined>
}

export function createLookup(http: VendorHttp, config: ThenaConfig, onDrift: (what: string) => void): Lookup {
  const { paths } = config

  async function ownTicket(ref: VendorTicketRef, signal: AbortSignal): Promise<ThenaTicket> {
    const ticket = await ticketById(ref, signal)
    if (ticket.id === ref.vendorTicketId && isOwn(ticket, ref.player)) return ticket
    throw new VendorError('missing', 'thena: no such ticket of this player')
  }

  /** Reading by id is inferred, so a 404 may also mean that there is no such call: the search knows tickets by id too. */
  async function ticketById({ vendorTicketId, player }: VendorTicketRef, signal: AbortSignal): Promise<ThenaTicket> {
    try {
      const params = { ticketId: vendorTicketId }
      return (await http.call({ ...splitPath(paths.ticket), params, schema: OneTicket, signal })).data
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'missing') throw error
      const [hit] = await search(searchByIdOf(player, vendorTicketId), signal)
      if (!hit) throw error
      return hit
    }
  }

  async function search(query: ReturnType<typeof searchOf>, signal: AbortSignal): Promise<ThenaHit[]> {
    return (await searchRows(query, signal)).flatMap((row) => row ?? [])
  }

  async function searchRows(query: ReturnType<typeof searchOf>, signal: AbortSignal) {
    const { result } = await http.call({ ...splitPath(paths.search), query, schema: ThenaSearch, signal })
    const rows = result.hits.map((hit) => ThenaHit.safeParse(hit.document).data)
    if (rows.includes(undefined)) onDrift('a row of the search')
    return rows
  }

  async function searchPage(player: VendorPlayer, page: number, signal: AbortSignal): Promise<SearchPage> {
    const rows = await searchRows(searchOf(player, page), signal)
    const hits = rows.flatMap((row) => (row && isOwn(row, player) ? [row] : []))
    return { hits, isLast: rows.length < searchPageSize }
  }

  async function findByMark({ player, mark }: Opening, signal: AbortSignal): Promise<VendorTicketId | undefined> {
    const { hits } = await searchPage(player, 1, signal)
    return hits.find((hit) => markOf(hit.metadata) === mark)?.id as VendorTicketId | undefined
  }

  return { ownTicket, searchPage, findByMark }
}

function isOwn(ticket: ThenaTicket, player: VendorPlayer): boolean {
  return isRequester(ticket.requestorEmail, player) && ticket.deletedAt == null
}
