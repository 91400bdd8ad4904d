/** What of a player's a vendor is to erase, and how far that has come. */
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { DeletionRequestId } from '../contract/ids.ts'
import type { LedgerNow } from './ledger-clock.ts'
import { insertRows } from './statement.ts'
import type { ErasureState, ErasureTable, Tables } from './tables.ts'

export type ErasureRow = Selectable<ErasureTable>

export function erasureRows(db: Kysely<Tables>, now: LedgerNow) {
  const one = ({ request_id, kind, name }: Pick<ErasureRow, 'request_id' | 'kind' | 'name'>) =>
    [
      ['request_id', request_id],
      ['kind', kind],
      ['name', name],
    ] as const

  return {
    /** What time it is by the ledger's clock, about which no two relays disagree: milliseconds since 1970. */
    async time(): Promise<number> {
      const { rows } = await sql<{ now: number }>`select ${now()} as now`.execute(db)
      return Number(rows[0]?.now)
    },

    /** One that is known already stays as it is. */
    async add(rows: readonly Insertable<ErasureTable>[]): Promise<void> {
      for (const row of rows) await insertRows(db, 'erasures', [row], { orNothing: true })
    },

    /** Oldest tickets first. */
    list: (request: DeletionRequestId, state?: ErasureState): Promise<ErasureRow[]> =>
      db
        .selectFrom('erasures')
        .leftJoin('tickets', 'tickets.id', 'erasures.ticket_id')
        .leftJoin('messages', 'messages.id', 'erasures.message_id')
        .selectAll('erasures')
        .where('erasures.request_id', '=', request)
        .$if(state !== undefined, (rows) => rows.where('erasures.state', '=', state ?? 'waiting'))
        .orderBy('tickets.created_at')
        .orderBy('erasures.number')
        .orderBy('erasures.kind')
        .orderBy('messages.position')
        .orderBy('erasures.name')
        .execute(),

    async change(
      rows: readonly ErasureRow[],
      change: Partial<Pick<ErasureRow, 'state' | 'told_by' | 'settled_at'>>,
    ): Promise<void> {
      for (const row of rows) {
        let update = db.updateTable('erasures').set(change)
        for (const [column, value] of one(row)) update = update.where(column, '=', value)
        await update.execute()
      }
    },

    /** What was done needs no further care; what could not be is kept for whoever runs the relay. */
    forget: (request: DeletionRequestId) =>
      db.deleteFrom('erasures').where('request_id', '=', request).where('state', '!=', sql.lit('unasked')).execute(),

    /** Drops what requests have left whose time is over. */
    sweep: (before: Date) =>
      db
        .deleteFrom('erasures')
        .where('request_id', 'in', (requests) =>
          requests
            .selectFrom('deletions')
            .select('id')
            .where('status', '=', 'done')
            .where('due_at', '<', before.getTime()),
        )
        .execute(),

    /** By game: how many things the vendor still holds because nobody could be asked to erase them. */
    async unasked(): Promise<{ game: string; count: number }[]> {
      const rows = await db
        .selectFrom('erasures')
        .select('game')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('state', '=', 'unasked')
        .groupBy('game')
        .execute()
      return rows.map(({ game, count }) => ({ game, count: Number(count) }))
    },
  }
}
