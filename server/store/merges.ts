/** Moves everything of an anonymous player to the verified one they turned out to be. */
import type { Kysely } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import type { Seal } from './seal.ts'
import { sweepBefore } from './sweep.ts'
import type { MergeTable, PlayerKey, Tables } from './tables.ts'

export function mergeRows(db: Kysely<Tables>, seal: Seal) {
  /** A key that both have used goes on meaning what it means to the verified player. */
  const moveKeys = (from: PlayerKey, to: PlayerKey) =>
    db
      .updateTable('idempotency')
      .set({ player: to })
      .where('player', '=', from)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('idempotency as own')
              .select('own.key')
              .where('own.player', '=', to)
              .whereRef('own.route', '=', 'idempotency.route')
              .whereRef('own.key', '=', 'idempotency.key'),
          ),
        ),
      )
      .execute()

  return {
    add: (row: MergeTable) =>
      db
        .insertInto('merges')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),

    /**
     * Two things stay under the old name, because the vendor knows them by it: the chain, which says as whom each vendor
     * ticket was opened, and deliveries that were tried before and may have arrived.
     *
     * @returns the tickets that were moved
     */
    async move({ anonymous: from, verified: to }: Pick<MergeTable, 'anonymous' | 'verified'>): Promise<TicketId[]> {
      for (const table of ['attachments', 'events', 'deletions'] as const)
        await db.updateTable(table).set({ player: to }).where('player', '=', from).execute()
      await db
        .updateTable('deletions')
        .set({ player: await seal(to) })
        .where('player', '=', await seal(from))
        .where('status', '=', 'done')
        .execute()
      await db
        .updateTable('deliveries')
        .set({ player: to })
        .where('player', '=', from)
        .where('attempts', '=', 0)
        .execute()
      await moveKeys(from, to)
      const moved = await db
        .updateTable('tickets')
        .set({ player: to })
        .where('player', '=', from)
        .returning('id')
        .execute()
      return moved.map(({ id }) => id)
    },

    into: (verified: PlayerKey) => db.selectFrom('merges').selectAll().where('verified', '=', verified).execute(),

    forget: (verified: PlayerKey) => db.deleteFrom('merges').where('verified', '=', verified).execute(),

    since: (time: Date) => db.selectFrom('merges').selectAll().where('merged_at', '>=', time.getTime()).execute(),

    sweep: (before: Date) => sweepBefore(db, 'merges', 'merged_at', before.getTime()),
  }
}
