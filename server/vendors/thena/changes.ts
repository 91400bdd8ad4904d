/** What changed at Thena: the search over the key's teams, whose rows have a ticket's status, its last update and last comments. */
import { splitPath } from '../http/address.ts'
import type { VendorHttp } from '../http/http.ts'
import { listedTicket } from '../listed-state.ts'
import type { ChangeList } from '../vendor.ts'
import { searchOfAll } from './translate.ts'
import { ListedHit, type ThenaConfig, ThenaSearch } from './wire.ts'

export interface ChangesParts {
  config: ThenaConfig
  http: VendorHttp
  onDrift: (what: string) => void
}

/** "per_page default 20": a shorter page is the last, whatever its cap may be. */
const leastPageSize = 20

/**
 * The index may lag, and nobody says that a comment moves `updatedAt`: a row's last comments count as well. Newest first, so
 * that what is older than `since` need not be leafed through.
 */
export function createChanges({ config, http, onDrift }: ChangesParts): ChangeList {
  return {
    name: 'search',
    showsMessages: true,
    async page(cursor, since, signal) {
      const page = Number(cursor ?? 1)
      const call = { ...splitPath(config.paths.search), query: searchOfAll(page), schema: ThenaSearch, signal }
      const { hits } = (await http.call(call)).result
      const rows = hits.map(({ document }) => ListedHit.safeParse(document).data)
      if (rows.includes(undefined)) onDrift('a row of the search')
      const tickets = rows.flatMap((row) => (row ? [listedTicket(row.id, stateOf(row))] : []))
      const isPast = rows.every((row) => row?.createdAt && Date.parse(row.createdAt) < since.getTime())
      return { tickets, cursor: hits.length < leastPageSize || isPast ? undefined : String(page + 1) }
    },
  }
}

function stateOf(row: ListedHit) {
  const { statusId, status, updatedAt, closedAt, deletedAt } = row
  const { lastComment, lastCustomerComment, lastVendorComment } = row
  return [statusId, status, updatedAt, closedAt, deletedAt, lastComment, lastCustomerComment, lastVendorComment]
}
