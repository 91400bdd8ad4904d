/** Finding tickets in Thena, by id and by mark, and asking of each whether it is the player's. */
import type { Clock } from '../../runtime/clock.ts'
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import { isSettling, notShownYet } from '../settle.ts'
import { type Opening, VendorError, type VendorPlayer, type VendorTicketId, type VendorTicketRef } from '../vendor.ts'
import { isRequester, markOf, searchByIdOf, searchOf } from './translate.ts'
import { OneTicket, type ThenaConfig, ThenaHit, ThenaSearch, type ThenaTicket } from './wire.ts'

export interface Find {
  /**
   * The ticket, once it has proved to be this player's.
   *
   * @throws VendorError `missing` if it is not, or is nobody's; `busy` while it is so new that it may not show yet
   */
  ownTicket: (ref: VendorTicketRef, signal: AbortSignal) => Promise<ThenaTicket>
  findByMark: (opening: Opening, signal: AbortSignal) => Promise<VendorTicketId | undefined>
}

export interface FindParts {
  http: VendorHttp
  config: ThenaConfig
  clock: Clock
  onDrift: (what: string) => void
}

export function createFind({ http, config, clock, onDrift }: FindParts): Find {
  const { paths } = config

  async function ownTicket(ref: VendorTicketRef, signal: AbortSignal): Promise<ThenaTicket> {
    const ticket = await ticketById(ref, signal)
    if (ticket.id === ref.vendorTicketId && isOwn(ticket, ref.player)) return ticket
    throw new VendorError('missing', 'thena: no such ticket of this player')
  }

  /** Reading by id is inferred, so a 404 may also mean that there is no such call: the search knows tickets by id too. */
  async function ticketById(ref: VendorTicketRef, signal: AbortSignal): Promise<ThenaTicket> {
    const { vendorTicketId, player } = ref
    try {
      const params = { ticketId: vendorTicketId }
      return (await http.call({ ...splitPath(paths.ticket), params, schema: OneTicket, signal })).data
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'missing') throw error
      const hits = await search(searchByIdOf(player, vendorTicketId), signal)
      const hit = hits.find(({ id }) => id === vendorTicketId)
      if (hit) return hit
      // What Thena itself has just named is there, though its search may lag behind.
      throw isSettling(ref.openedAt, config, clock) ? notShownYet('thena') : error
    }
  }

  /** One that drifted must not hide its neighbours. */
  async function search(query: ReturnType<typeof searchOf>, signal: AbortSignal): Promise<ThenaHit[]> {
    const { result } = await http.call({ ...splitPath(paths.search), query, schema: ThenaSearch, signal })
    const rows = result.hits.map((hit) => ThenaHit.safeParse(hit.document).data)
    if (rows.includes(undefined)) onDrift('a row of the search')
    return rows.flatMap((row) => row ?? [])
  }

  async function findByMark({ player, mark }: Opening, signal: AbortSignal): Promise<VendorTicketId | undefined> {
    const hits = await search(searchOf(player), signal)
    const own = hits.filter((hit) => isOwn(hit, player))
    return own.find((hit) => markOf(hit.metadata) === mark)?.id as VendorTicketId | undefined
  }

  return { ownTicket, findByMark }
}

function isOwn(ticket: ThenaTicket, player: VendorPlayer): boolean {
  return isRequester(ticket.requestorEmail, player) && ticket.deletedAt == null
}
