/** What changed at Theymes: the game's list of tickets, which shows of each its status and when something last happened on it. */
import type { VendorHttp } from '../http/http.ts'
import { listedTicket } from '../listed-state.ts'
import type { VendorParts } from '../parts.ts'
import type { ChangeList } from '../vendor.ts'
import { dayBefore, isOfGame } from './translate.ts'
import { type TheymesConfig, TheymesTicket, TicketList } from './wire.ts'

/** "integer [ 1 .. 1000 ]" */
const pageSize = 1_000

export interface ChangesParts {
  config: TheymesConfig
  http: VendorHttp
  parts: VendorParts
}

/** "Sort by ticket creation order" is the one order there is, so that the newest come first, and all are looked through. */
export function createChanges({ config: { gameId }, http, parts }: ChangesParts): ChangeList {
  return {
    name: gameId.toLowerCase(),
    showsMessages: true,
    async page(cursor, since, signal) {
      const query = { gameId, createdAfter: dayBefore(since), order: 'desc', limit: pageSize, cursor }
      const answer = await http.call({ method: 'GET', path: '/tickets', query, schema: TicketList, signal })
      const rows = answer.tickets.map((row) => TheymesTicket.safeParse(row).data)
      if (rows.includes(undefined)) parts.onDrift('theymes', 'GET /tickets: a row')
      const tickets = rows
        .filter((row) => row !== undefined && isOfGame(row, gameId))
        .flatMap((row) => (row ? [listedTicket(row.id, [row.status, row.lastActivityAt])] : []))
      return { tickets, cursor: answer.pagination?.cursor || undefined }
    },
  }
}
