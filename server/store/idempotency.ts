/** First answers by `Idempotency-Key`, kept to be given again. */
import { hash } from 'node:crypto'
import type { Insertable, Kysely } from 'kysely'
import type { Seal } from './seal.ts'
import { insertRows } from './statement.ts'
import { sweepBefore } from './sweep.ts'
import type { IdempotencyTable, PlayerKey, Tables } from './tables.ts'

/** In place of the fingerprint of a request. */
const erased = ''

export function idempotencyRows(db: Kysely<Tables>, seal: Seal) {
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

    /** Whether what came with this key was erased: whoever sends it once more, late, brings nothing back. */
    async isErased(player: PlayerKey, route: string, key: string): Promise<boolean> {
      const row = await db
        .selectFrom('idempotency')
        .select('fingerprint')
        .where('player', '=', await seal(player))
        .where('route', '=', route)
        .where('key', '=', hashOf(key))
        .executeTakeFirst()
      return row?.fingerprint === erased
    },

    /** Of what was said and of who said it nothing is left, only that the key was used, for as long as keys are kept. */
    async forget(player: PlayerKey): Promise<void> {
      const rows = await db.deleteFrom('idempotency').where('player', '=', player).returningAll().execute()
      const sealed = await seal(player)
      // One by one: a player's keys of a week may be more than one statement takes.
      for (const row of rows) {
        const used = { ...row, key: hashOf(row.key), player: sealed, fingerprint: erased, answer: '' }
        await insertRows(db, 'idempotency', [used], { orNothing: true })
      }
    },
  }
}

/** A client may have put anything into a key. */
function hashOf(key: string): string {
  return hash('sha256', key, 'base64url')
}
