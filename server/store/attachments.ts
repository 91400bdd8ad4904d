/** Files of players and agents; their bytes lie elsewhere. */
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { AttachmentId, MessageId, TicketId } from '../contract/ids.ts'
import type { AttachmentTable, PlayerKey, Tables } from './tables.ts'

export type AttachmentRow = Selectable<AttachmentTable>

export function attachmentRows(db: Kysely<Tables>) {
  return {
    find: (id: AttachmentId) => db.selectFrom('attachments').selectAll().where('id', '=', id).executeTakeFirst(),

    findAll: (ids: readonly AttachmentId[]): Promise<AttachmentRow[]> =>
      ids.length === 0
        ? Promise.resolve([])
        : db.selectFrom('attachments').selectAll().where('id', 'in', ids).execute(),

    /** In the order they were put on their messages. */
    of: (messageIds: readonly MessageId[]): Promise<AttachmentRow[]> =>
      messageIds.length === 0
        ? Promise.resolve([])
        : db.selectFrom('attachments').selectAll().where('message_id', 'in', messageIds).orderBy('position').execute(),

    ofPlayer: (player: PlayerKey) =>
      db.selectFrom('attachments').selectAll().where('player', '=', player).orderBy('created_at').execute(),

    add: (row: Insertable<AttachmentTable>) => db.insertInto('attachments').values(row).execute(),

    change: (id: AttachmentId, change: Updateable<AttachmentTable>) =>
      db.updateTable('attachments').set(change).where('id', '=', id).execute(),

    /** Puts a ready file on a message; false when it is on one already, not ready, or not this player's. */
    async carry(
      id: AttachmentId,
      player: PlayerKey,
      on: { ticket_id: TicketId; message_id: MessageId; position: number },
    ): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('attachments')
        .set(on)
        .where('id', '=', id)
        .where('player', '=', player)
        .where('message_id', 'is', null)
        .where('state', '=', 'ready')
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async countLoose(player: PlayerKey): Promise<number> {
      const { count } = await db
        .selectFrom('attachments')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('player', '=', player)
        .where('message_id', 'is', null)
        .executeTakeFirstOrThrow()
      return Number(count)
    },

    /** Files that no message took in time. */
    abandoned: (before: Date, limit: number) =>
      db
        .selectFrom('attachments')
        .selectAll()
        .where('message_id', 'is', null)
        .where('created_at', '<', before.getTime())
        .limit(limit)
        .execute(),

    move: (from: PlayerKey, to: PlayerKey) =>
      db.updateTable('attachments').set({ player: to }).where('player', '=', from).execute(),

    /** Drops a file that no message carries; false when one does. */
    async drop(id: AttachmentId): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('attachments')
        .where('id', '=', id)
        .where('message_id', 'is', null)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },

    /** Removes all of a ticket's rows. @returns those whose bytes are in the relay's own keep */
    async dropOf(ticketId: TicketId): Promise<AttachmentId[]> {
      const rows = await db
        .deleteFrom('attachments')
        .where('ticket_id', '=', ticketId)
        .returning(['id', 'vendor_file_id'])
        .execute()
      return rows.filter((row) => row.vendor_file_id === null).map((row) => row.id)
    },

    forget: (player: PlayerKey) => db.deleteFrom('attachments').where('player', '=', player).execute(),
  }
}
