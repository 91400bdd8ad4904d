/** First answers by `Idempotency-Key`, kept to be given again. */
import type { Insertable, Kysely } from 'kysely'
import { insertRows } from './statement.ts'
import { sweepBefore } from './sweep.ts'
import type { IdempotencyTable, PlayerKey, Tables } from './tables.ts'

export function idempotencyRows(db: Kysely<Tables>) {
  return {
    find: (player: PlayerKey, route: string, key: string) =>
      db
        .selectFrom('idempotency')
        .selectAll()
        .where('player', '=', player)
        .where('route', '=', route)
        .where('key', '=', key)
        .executeTakeFirst(),

    /** False when another request took the key first. */
    async add(row: Insertable<IdempotencyTable>): Promise<boolean> {
      return (await insertRows(db, 'idempotency', [row], { orNothing: true })) === 1
    },

    sweep: (before: Date) => sweepBefore(db, 'idempotency', 'created_at', before.getTime()),

    forget: (player: PlayerKey) => db.deleteFrom('idempotency').where('player', '=', player).execute(),
  }
}
