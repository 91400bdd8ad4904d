/** Looking for an opening in the one list that Threada publishes: of the tenant's open tickets, in no promised order. */

import { type CannotTell, isLinked, isOlder, isPastAll, type SearchResult, unlessRefused } from '../find.ts'
import type { VendorHttp } from '../http/http.ts'
import { type Opened, type Opening, type Vendor, VendorError, type VendorTicketId } from '../vendor.ts'
import { dateOf, markTagOf } from './translate.ts'
import { TicketPage, TicketRow, TicketRowPlace, ticketsPath } from './wire.ts'

/** The sample's own. No cap is published, so none is tried. */
const pageSize = 25
const maxPages = 40

const list = `GET ${ticketsPath}`

export interface FindParts {
  http: VendorHttp
  cannotTell: CannotTell
}

/** A ticket that somebody closed before it was looked for is not in the list, and nothing else shows its id. */
export function createFindOpened({ http, cannotTell }: FindParts): NonNullable<Vendor['findOpened']> {
  return async (opening, signal) => {
    const { found, doubt } = await leafThrough(opening, http, signal)
    return !found && doubt !== undefined ? cannotTell(doubt) : found
  }
}

/** The list as far as it was read. */
interface Leafed {
  found?: Opened | undefined
  /** Why the opening may be in it all the same. */
  doubt?: string | undefined
}

async function leafThrough(opening: Opening, http: VendorHttp, signal: AbortSignal): Promise<Leafed> {
  const times: (Date | undefined)[] = []
  let doubt: string | undefined
  let token: string | undefined
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await pageAt(token, http, signal)
    if (!answer) return { doubt: `${list}: refused` }
    const { found, drifted } = ticketWithMark(answer.items, opening)
    if (found) return { found }
    doubt = drifted ? 'a row of the list of tickets' : doubt
    times.push(...answer.items.map((row) => placeOf(row).lastMessageAt))
    token = answer.next_page_token || undefined
    if (!token) return { doubt }
  }
  return { doubt: doubt ?? (isPastAll(times, opening) ? undefined : `${list}: more rows than are looked at`) }
}

function pageAt(token: string | undefined, http: VendorHttp, signal: AbortSignal): Promise<TicketPage | undefined> {
  const query = { limit: pageSize, page_token: token }
  const call = http.call({ method: 'GET', path: ticketsPath, query, schema: TicketPage, signal })
  return unlessRefused<TicketPage | undefined>(call.catch(sayScope), () => undefined)
}

/** Listing needs `support.read`, which a studio that reads nothing here may not have granted. */
function sayScope(error: unknown): never {
  if (!(error instanceof VendorError) || error.status !== 403) throw error
  const why = 'the key lacks the scope support.read; grant it, or set supportRead to false'
  throw new VendorError('misconfigured', `threada ${list}: ${why}`, { status: 403 })
}

function ticketWithMark(rows: readonly unknown[], opening: Opening): SearchResult<Opened> {
  const free = rows.filter((row) => !isLinked(placeOf(row).id, opening))
  const known = free.map((row) => ({ row: TicketRow.safeParse(row).data, at: placeOf(row).lastMessageAt }))
  const found = known.find(({ row }) => row?.tags.includes(markTagOf(opening.mark)))?.row
  return {
    found: found && { vendorTicketId: found.ticket_id as VendorTicketId },
    drifted: known.some(({ row, at }) => !row && !isOlder(at, opening)),
  }
}

function placeOf(row: unknown): { id: string | undefined; lastMessageAt: Date | undefined } {
  const { ticket_id, last_message_at } = TicketRowPlace.safeParse(row).data ?? {}
  return { id: ticket_id, lastMessageAt: dateOf(last_message_at) }
}
