/**
 * What changed at Zaia: its list of tickets, status by status. A row tells when a ticket was taken in hand or completed and
 * how many messages wait on it, and not when somebody last spoke: an agent's second answer does not show there.
 */
import type { VendorHttp } from '../http/http.ts'
import { listedTicket } from '../listed-state.ts'
import type { VendorParts } from '../parts.ts'
import type { ChangeList } from '../vendor.ts'
import { ListedRow, TicketRows, type ZaiaConfig } from './wire.ts'

const path = '/api/v1/tickets/details'
/** "pageSize 1..100" */
const pageSize = 100

/**
 * Of the whole workspace, which is what a list without `chatIds` is: nothing but ids and states is taken from it. A ticket
 * that leaves it is no longer open.
 */
export function createChanges(config: ZaiaConfig, http: VendorHttp, parts: Pick<VendorParts, 'onDrift'>): ChangeList {
  const statuses = config.statuses.open

  return {
    name: statuses.join(' '),
    showsMessages: false,
    async page(cursor = '0 1', _since, signal) {
      const [index = 0, pageNumber = 1] = cursor.split(' ').map(Number)
      const status = statuses[index] ?? ''
      const rows = await http.call({
        method: 'GET',
        path,
        query: { status, pageNumber, pageSize },
        schema: TicketRows,
        signal,
      })
      const read = rows.map((row) => ListedRow.safeParse(row).data)
      if (read.includes(undefined)) parts.onDrift('zaia', `GET ${path}: a row`)
      const tickets = read.flatMap((row) =>
        row ? [listedTicket(row.id, [row.status, row.ongoingAt, row.completedAt, row.pendingChatMessages])] : [],
      )
      return { tickets, cursor: nextOf(index, pageNumber, rows.length === pageSize) }
    },
  }

  function nextOf(index: number, pageNumber: number, isFull: boolean): string | undefined {
    if (isFull) return `${index} ${pageNumber + 1}`
    return index + 1 < statuses.length ? `${index + 1} 1` : undefined
  }
}
