/** Looking for a ticket of ours at i3D.net, whose lists can only be leafed through, in an order that nobody documents. */
import type { VendorHttp } from '../http.ts'
import { type CannotTell, type Sought, unlessRefused } from '../look-up.ts'
import type { Opened, Opening, Vendor, VendorTicketId } from '../vendor.ts'
import { dateOf, markInTitle, rangeOf } from './translate.ts'
import { I3dRow, I3dRowPlace, Rows } from './wire.ts'

/** The documented default: more than that is nowhere promised. */
const pageSize = 25
/** Of one list. */
const maxPages = 40
/** How far i3D.net’s clock may be from ours. */
const skewMs = 24 * 60 * 60 * 1000

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
  return { doubt: doubt ?? (isPastAll(seen, opening) ? undefined : `GET ${path}: more rows than are looked at`) }
}

/** Past its end a list may be refused as well as empty, which a page that was not full can tell from a refusal. */
function rowsFrom(path: string, start: number, http: VendorHttp, signal: AbortSignal) {
  const call = http.call({ method: 'GET', path, headers: rangeOf(start, pageSize), schema: Rows, signal })
  return unlessRefused<readonly unknown[] | undefined>(call, () => (start % pageSize === 0 ? undefined : []))
}

/** A ticket that is another message's already is not looked at: a second copy of this one may stand beside it. */
export function ticketWithMark(rows: readonly unknown[], opening: Opening): Sought<Opened> {
  const free = rows.filter((row) => !isLinked(row, opening))
  const unreadable = free.filter((row) => !I3dRow.safeParse(row).success)
  const row = free
    .map((row) => I3dRow.safeParse(row).data)
    .find((one) => one?.title.trimEnd().endsWith(markInTitle(opening.mark)))
  return {
    found: row && { vendorTicketId: String(row.id) as VendorTicketId },
    drifted: unreadable.some((row) => !isOlder(row, opening)),
  }
}

function isLinked(row: unknown, { linked }: Opening): boolean {
  const id = I3dRowPlace.safeParse(row).data?.id
  return id !== undefined && linked?.has(String(id) as VendorTicketId) === true
}

/** Made before the player wrote: not this opening's, though the rest of the row cannot be read. */
function isOlder(row: unknown, { sentAt }: Opening): boolean {
  const createdAt = createdAtOf(row)
  return createdAt !== undefined && createdAt.getTime() < sentAt.getTime() - skewMs
}

function createdAtOf(row: unknown): Date | undefined {
  return dateOf(I3dRowPlace.safeParse(row).data?.createdAt)
}

/**
 * Whether all that follows these rows is older than the opening. The document promises no order, so only what was seen
 * counts: each row no newer than the one before it, and the last of them made before the player wrote.
 */
export function isPastAll(rows: readonly unknown[], opening: Opening): boolean {
  const times = rows.map((row) => createdAtOf(row)?.getTime() ?? Number.NaN)
  const isFalling = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? Number.NaN))
  return isFalling && rows.length > 0 && isOlder(rows.at(-1), opening)
}
