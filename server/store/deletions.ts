/** Requests for erasure and how far each has come. */
import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from 'kysely'
import type { DeletionRequestId } from '../contract/ids.ts'
import type { Engine } from './engine.ts'
import type { Seal } from './seal.ts'
import { insertRows, run } from './statement.ts'
import { inBatches } from './sweep.ts'
import type { DeletionTable, PlayerKey, Tables } from './tables.ts'

/** In one round of housekeeping. */
const sealedAtOnce = 1_000

export type DeletionRow = Selectable<DeletionTable>

export function deletionRows(db: Kysely<Tables>, engine: Engine, seal: Seal) {
  return {
    find: (id: DeletionRequestId) => db.selectFrom('deletions').selectAll().where('id', '=', id).executeTakeFirst(),

    /** One of this player's. */
    findOwn: async (player: PlayerKey, id: DeletionRequestId) =>
      db
        .selectFrom('deletions')
        .selectAll()
        .where('id', '=', id)
        .where('player', 'in', [player, await seal(player)])
        .executeTakeFirst(),

    list: async (player: PlayerKey) =>
      db
        .selectFrom('deletions')
        .selectAll()
        .where('player', 'in', [player, await seal(player)])
        .orderBy('requested_at', 'desc')
        .limit(100)
        .execute(),

    findUnfinished: (player: PlayerKey) =>
      db
        .selectFrom('deletions')
        .selectAll()
        .where('player', '=', player)
        .where('status', 'in', ['waiting', 'begun'])
        .executeTakeFirst(),

    /** False when another of the player's is unfinished. */
    async add(row: Insertable<DeletionTable>): Promise<boolean> {
      return (await insertRows(db, 'deletions', [row], { orNothing: true })) === 1
    },

    /** Drops what has come to its end and was asked for before. */
    sweep: (before: Date) =>
      inBatches(async (size) => {
        const { numDeletedRows } = await db
          .deleteFrom('deletions')
          .where('id', 'in', (old) =>
            old
              .selectFrom('deletions')
              .select('id')
              .where('status', 'in', ['done', 'withdrawn'])
              .where('begins_at', '<', before.getTime())
              .limit(size),
          )
          .executeTakeFirst()
        return Number(numDeletedRows) === size
      }),

    change: (id: DeletionRequestId, change: Updateable<DeletionTable>) =>
      db.updateTable('deletions').set(change).where('id', '=', id).execute(),

    /** Only before anything was called off: of what began earlier, nobody has counted all. */
    noteHeld: (id: DeletionRequestId, held: string, about: PlayerKey) =>
      db
        .updateTable('deletions')
        .set({ held, about })
        .where('id', '=', id)
        .where('held', 'is', null)
        .where('called_off', '=', 0)
        .execute(),

    /** The first time counts: whoever forgets again, after a crash, finds nothing. */
    noteAtVendor: (id: DeletionRequestId, at_vendor: string) =>
      db.updateTable('deletions').set({ at_vendor }).where('id', '=', id).where('at_vendor', 'is', null).execute(),

    /** From now on it names nobody: its player finds it by who they are. */
    async finish({ id, player, about }: Pick<DeletionRow, 'id' | 'player' | 'about'>, steps: string): Promise<void> {
      const sealed = { player: await seal(player), about: await seal(about ?? player) }
      await db
        .updateTable('deletions')
        .set({ status: 'done', steps, ...sealed })
        .where('id', '=', id)
        .execute()
    },

    /** Those that were done before requests were sealed. */
    async sealFinished(): Promise<void> {
      const rows = await db
        .selectFrom('deletions')
        .select(['id', 'player', 'about', 'steps'])
        .where('status', '=', 'done')
        .where(sql<boolean>`length(player) < 64`)
        .limit(sealedAtOnce)
        .execute()
      for (const row of rows) await this.finish(row, row.steps)
    },

    /** Withdraws one that has not begun; false when it has. */
    async withdraw(id: DeletionRequestId, steps: string): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('deletions')
        .set({ status: 'withdrawn', steps })
        .where('id', '=', id)
        .where('status', '=', 'waiting')
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    /**
     * Takes one due request in hand; another relay may do so again after `until`.
     *
     * @param except - games that have as many in hand as they may
     * @returns it as it is from now on, and whether it begins only now; undefined when none is due
     */
    async claim(
      now: Date,
      until: Date,
      except: readonly string[] = [],
    ): Promise<{ request: DeletionRow; begins: boolean } | undefined> {
      const due = await db
        .selectFrom('deletions')
        .selectAll()
        .where('status', 'in', ['waiting', 'begun'])
        .where('begins_at', '<=', now.getTime())
        .where('lease_until', '<=', now.getTime())
        .$if(except.length > 0, (rows) => rows.where('game', 'not in', except))
        .orderBy('lease_until')
        .orderBy('begins_at')
        .limit(1)
        .executeTakeFirst()
      if (!due) return undefined
      const lease_until = until.getTime()
      const { numUpdatedRows } = await db
        .updateTable('deletions')
        .set({ status: 'begun', lease_until })
        .where('id', '=', due.id)
        .where('status', '=', due.status)
        .where('lease_until', '=', due.lease_until)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return undefined
      return { request: { ...due, status: 'begun', lease_until }, begins: due.status === 'waiting' }
    },

    /** Keeps a request in hand. False when another relay has it by now. */
    async hold({ id, lease_until }: Pick<DeletionRow, 'id' | 'lease_until'>, until: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('deletions')
        .set({ lease_until: until.getTime() })
        .where('id', '=', id)
        .where('status', '=', 'begun')
        .where('lease_until', '=', lease_until)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    /**
     * Whether a player, or whoever they have become, is being erased just now. Within a transaction it stays so until the
     * end: {@link awaitWriters}.
     */
    async isUnderWay(player: PlayerKey): Promise<boolean> {
      if (engine === 'postgres')
        await sql`select pg_advisory_xact_lock_shared(hashtextextended(${player}, 2))`.execute(db)
      const [row] = await run(db, 'erasure under way', [player, player], () =>
        db
          .selectFrom('deletions')
          .select('id')
          .where('status', '=', sql.lit('begun'))
          .where((deletion) =>
            deletion.or([
              deletion('player', '=', player),
              deletion('player', 'in', (players) =>
                players
                  .selectFrom('players')
                  .select((as) => as.ref('merged_into').$notNull().as('merged_into'))
                  .where('player', '=', player),
              ),
            ]),
          ),
      )
      return row !== undefined
    },

    /** Waits for whoever has asked {@link isUnderWay} before: what they write is there then, or never will be. */
    async awaitWriters(player: PlayerKey): Promise<void> {
      // SQLite has one writer anyway.
      if (engine === 'postgres') await sql`select pg_advisory_xact_lock(hashtextextended(${player}, 2))`.execute(db)
    },
  }
}
