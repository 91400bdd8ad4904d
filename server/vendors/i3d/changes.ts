/** What changed at i3D.net: the list of tickets "that are open or unread", with when and how often each was answered. */
import type { VendorHttp } from '../http/http.ts'
import { listedTicket } from '../listed-state.ts'
import type { VendorParts } from '../parts.ts'
import { type ChangeList, VendorError } from '../vendor.ts'
import { rangeOf } from './translate.ts'
import { I3dListed, Rows } from './wire.ts'

const path = '/v3/tickets/openOrUnread'
/** More than the documented default is nowhere promised and nowhere forbidden: it is asked for until it is refused. */
const pageSizes = { wished: 250, promised: 25 }

/** To its end, which is a page without rows, or a refusal past the last: a page that is merely short may have been capped. */
export function createChanges(http: VendorHttp, parts: Pick<VendorParts, 'onDrift'>): ChangeList {
  let size = pageSizes.wished

  async function rowsFrom(start: number, signal: AbortSignal): Promise<readonly unknown[]> {
    try {
      return await http.call({ method: 'GET', path, headers: rangeOf(start, size), schema: Rows, signal })
    } catch (error) {
      if (!(error instanceof VendorError) || error.code !== 'refused') throw error
      if (start > 0) return []
      if (size === pageSizes.promised) throw error
      size = pageSizes.promised
      return rowsFrom(start, signal)
    }
  }

  return {
    name: 'openOrUnread',
    showsMessages: true,
    async page(cursor, _since, signal) {
      const start = Number(cursor ?? 0)
      const rows = await rowsFrom(start, signal)
      const read = rows.map((row) => I3dListed.safeParse(row).data)
      if (read.includes(undefined)) parts.onDrift('i3d', `GET ${path}: a row`)
      const tickets = read.flatMap((row) =>
        row ? [listedTicket(String(row.id), [row.status, row.updatedAt, row.numUserReplies])] : [],
      )
      return { tickets, cursor: rows.length > 0 ? String(start + rows.length) : undefined }
    },
  }
}
