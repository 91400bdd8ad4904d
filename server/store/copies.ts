/**
 * Second copies of one message at a vendor: those that are known, and those that may yet turn up, because the message was
 * sent again while nobody could say what had become of the first attempt.
 */
import type { Insertable, Kysely, Selectable } from 'kysely'
import { sql } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import type { LedgerNow } from './ledger-clock.ts'
import { insertRows } from './statement.ts'
import type { LateCopyTable, Tables } from './tables.ts'

export type LateCopyRow = Selectable<LateCopyTable>

export function copyRows(db: Kysely<Tables>, now: LedgerNow) {
  return {
    /** @param name - the copy's id at the vendor. @returns false where it was known already */
    async note(ticketId: TicketId, name: string): Promise<boolean> {
      return (await insertRows(db, 'copies', [{ ticket_id: ticketId, name }], { orNothing: true })) === 1
    },

    /** From now on the vendor is asked now and then whether the first attempt has come to light. */
    expect: (row: Omit<Insertable<LateCopyTable>, 'look_at' | 'looks'>, waitMs: number) =>
      db
        .insertInto('late_copies')
        .values({ ...row, looks: 0, look_at: sql<number>`${now()} + cast(${waitMs} as bigint)` })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),

    /** Takes one that is due, and lets it be due again after so long, should this relay not come back to it. */
    async claim(leaseMs: number): Promise<LateCopyRow | undefined> {
      const due = await db
        .selectFrom('late_copies')
        .selectAll()
        .where('look_at', '<=', now())
        .orderBy('look_at')
        .limit(1)
        .executeTakeFirst()
      if (!due) return undefined
      const { numUpdatedRows } = await db
        .updateTable('late_copies')
        .set((set) => ({ look_at: sql<number>`${now()} + cast(${leaseMs} as bigint)`, looks: set('looks', '+', 1) }))
        .where('mark', '=', due.mark)
        .where('looks', '=', due.looks)
        .executeTakeFirst()
      return numUpdatedRows === 1n ? due : undefined
    },

    /** Those that are looked for still. */
    lateOf: (ids: readonly TicketId[]): Promise<LateCopyRow[]> =>
      ids.length === 0
        ? Promise.resolve([])
        : db.selectFrom('late_copies').selectAll().where('ticket_id', 'in', ids).execute(),

    postpone: (mark: string, waitMs: number) =>
      db
        .updateTable('late_copies')
        .set({ look_at: sql<number>`${now()} + cast(${waitMs} as bigint)` })
        .where('mark', '=', mark)
        .execute(),

    drop: (mark: string) => db.deleteFrom('late_copies').where('mark', '=', mark).execute(),

    async forget(ids: readonly TicketId[]): Promise<void> {
      await db.deleteFrom('late_copies').where('ticket_id', 'in', ids).execute()
      await db.deleteFrom('copies').where('ticket_id', 'in', ids).execute()
    },
  }
}
