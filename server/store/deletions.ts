/** Requests for erasure and how far each has come. */
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { DeletionRequestId } from '../contract/ids.ts'
import { insertRows } from './statement.ts'
import type { DeletionTable, PlayerKey, Tables } from './tables.ts'

export type DeletionRow = Selectable<DeletionTable>

export function deletionRows(db: Kysely<Tables>) {
  return {
    find: (id: DeletionRequestId) => db.selectFrom('deletions').selectAll().where('id', '=', id).executeTakeFirst(),

    list: (player: PlayerKey) =>
      db
        .selectFrom('deletions')
        .selectAll()
        .where('player', '=', player)
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

    change: (id: DeletionRequestId, change: Updateable<DeletionTable>) =>
      db.updateTable('deletions').set(change).where('id', '=', id).execute(),

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
     * @returns it as it was before: `waiting` when nobody has had it in hand yet
     */
    async claim(now: Date, until: Date): Promise<DeletionRow | undefined> {
      const due = await db
        .selectFrom('deletions')
        .selectAll()
        .where('status', 'in', ['waiting', 'begun'])
        .where('begins_at', '<=', now.getTime())
        .where('lease_until', '<=', now.getTime())
        .orderBy('begins_at')
        .limit(1)
        .executeTakeFirst()
      if (!due) return undefined
      const { numUpdatedRows } = await db
        .updateTable('deletions')
        .set({ status: 'begun', lease_until: until.getTime() })
        .where('id', '=', due.id)
        .where('status', '=', due.status)
        .where('lease_until', '=', due.lease_until)
        .executeTakeFirst()
      return numUpdatedRows === 1n ? due : undefined
    },
  }
}
