/** What changed at Threada: its one published list, of the open tickets of all channels, with the time of the last message. */
import type { VendorHttp } from '../http/http.ts'
import { listedTicket } from '../listed-state.ts'
import type { VendorParts } from '../parts.ts'
import { type ChangeList, VendorError } from '../vendor.ts'
import { ListedRow, TicketPage, ticketsPath } from './wire.ts'

/** The sample's own is 25, and no cap is published: more is asked for until it is refused. */
const pageSizes = { wished: 100, sampled: 25 }

export function createChanges(http: VendorHttp, parts: Pick<VendorParts, 'onDrift'>): ChangeList {
  let limit = pageSizes.wished

  async function pageAt(token: string | undefined, signal: AbortSignal): Promise<TicketPage> {
    const query = { limit, page_token: token }
    try {
      return await http.call({ method: 'GET', path: ticketsPath, query, schema: TicketPage, signal })
    } catch (error) {
      const mayBeTooMany = error instanceof VendorError && error.code === 'refused' && limit > pageSizes.sampled
      if (!mayBeTooMany) throw error
      limit = pageSizes.sampled
      return pageAt(token, signal)
    }
  }

  return {
    name: 'open',
    showsMessages: true,
    async page(cursor, _since, signal) {
      const { items, next_page_token } = await pageAt(cursor, signal)
      const rows = items.map((row) => ListedRow.safeParse(row).data)
      if (rows.includes(undefined)) parts.onDrift('threada', `GET ${ticketsPath}: a row`)
      const tickets = rows.flatMap((row) =>
        row ? [listedTicket(row.ticket_id, [row.status, row.last_message_at])] : [],
      )
      return { tickets, cursor: next_page_token || undefined }
    },
  }
}
