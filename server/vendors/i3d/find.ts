/** Looking for a ticket of ours at i3D.net, whose lists can only be leafed through, in an order that nobody documents. */

import { type CannotTell, isLinked, isOlder, isPastAll, type SearchResult, unlessRefused } from '../find.ts'
import type { VendorHttp } from '../http/http.ts'
import type { Opened, Opening, Vendor, VendorTicketId } from '../vendor.ts'
import { dateOf, markInTitle, rangeOf } from './translate.ts'
import { I3dRow, I3dRowPlace, Rows } from './wire.ts'

/** The documented default: more than that is nowhere promised. */
const pageSize = 25
/** Of one list. */
const maxPages = 40

export interface FindParts {
  http: VendorHttp
  cannotTell: CannotTell
}

/** What was just opened is in the shorter list; only the list of all can tell that it is nowhere. */
export function createFindOpened({ http, cannotTell }: FindParts): NonNullable<Vendor['findOpened']> {
  return async (opening, signal) => {
    const recent = await leafThrough('/v3/tickets/openOrUnread', opening, http, signal)
    const { found, doubt } = recent.found ? recent : await leafThrough('/v3/tickets', opening, http, signal)
    return !found && doubt !== undefined ? cannotTell(doubt) : found
  }
}

/** A list as far as it was read. */
interface Leafed {
  found?: Opened | undefined
  /** Why the opening may be in it all the same. */
  doubt?: string | undefined
}

/** To its end, which is a page without rows: one that is merely short may have been capped. */
async function leafThrough(path: string, opening: Opening, http: VendorHttp, signal: AbortSignal): Promise<Leafed> {
  const seen: unknown[] = []
  let doubt: string | undefined
  for (let page = 0; page < maxPages; page += 1) {
    const rows = await rowsFrom(path, seen.length, http, signal)
    if (!rows?.length) return { doubt: rows ? doubt : `GET ${path}: refused` }
    const { found, drifted } = ticketWithMark(rows, opening)
    if (found) return { found }
    doubt = drifted ? 'a row of the list of tickets' : doubt
    seen.push(...rows)
  }
  const times = seen.map((row) => placeOf(row).createdAt)
  return { doubt: doubt ?? (isPastAll(times, opening) ? undefined : `GET ${path}: more rows than are looked at`) }
}

/** Past its end a list may be refused as well as empty, which a page that was not full can tell from a refusal. */
function rowsFrom(path: string, start: number, http: VendorHttp, signal: AbortSignal) {
  const call = http.call({ method: 'GET', path, headers: rangeOf(start, pageSize), schema: Rows, signal })
  return unlessRefused<readonly unknown[] | undefined>(call, () => (start % pageSize === 0 ? undefined : []))
}

function ticketWithMark(rows: readonly unknown[], opening: Opening): SearchResult<Opened> {
  const free = rows.filter((row) => !isLinked(placeOf(row).id, opening))
  const known = free.map((row) => ({ row: I3dRow.safeParse(row).data, at: placeOf(row).createdAt }))
  const found = known.find(({ row }) => row?.title.trimEnd().endsWith(markInTitle(opening.mark)))?.row
  return {
    found: found && { vendorTicketId: String(found.id) as VendorTicketId },
    drifted: known.some(({ row, at }) => !row && !isOlder(at, opening)),
  }
}

/** As much of a row as says that it is not what is sought, be the rest as it may. */
function placeOf(row: unknown): { id: string | undefined; createdAt: Date | undefined } {
  const { id, createdAt } = I3dRowPlace.safeParse(row).data ?? {}
  return { id: id === undefined ? undefined : String(id), createdAt: dateOf(createdAt) }
}
