/** Files of players and agents; their bytes lie elsewhere. */
import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from 'kysely'
import type { AttachmentId, MessageId, TicketId } from '../contract/ids.ts'
import type { VendorFileId } from '../vendors/vendor.ts'
import type { Engine } from './engine.ts'
import { runOver } from './statement.ts'
import type { AttachmentTable, PlayerKey, Tables } from './tables.ts'
import { type Announced, hasRoom, measure, measured, type WaitingBounds, waitingByGame } from './waiting-files.ts'

export type AttachmentRow = Selectable<AttachmentTable>

/** What a player may have waiting for a message. */
export interface LooseBounds {
  count: number
  bytes: number
}

/** The key of PostgreSQL's lock around what is counted in all. */
const announcing = 0x66696c65

export function attachmentRows(db: Kysely<Tables>, engine: Engine) {
  return {
    find: (id: AttachmentId) => db.selectFrom('attachments').selectAll().where('id', '=', id).executeTakeFirst(),

    findAll: (ids: readonly AttachmentId[]): Promise<AttachmentRow[]> =>
      runOver(
        db,
        'attachments by id',
        ids,
        (id) => [id],
        (filled) => db.selectFrom('attachments').selectAll().where('id', 'in', filled),
      ),

    /** In the order they were put on their messages. */
    of: (messageIds: readonly MessageId[]): Promise<AttachmentRow[]> =>
      runOver(
        db,
        'attachments of messages',
        messageIds,
        (id) => [id],
        (filled) => db.selectFrom('attachments').selectAll().where('message_id', 'in', filled).orderBy('position'),
      ),

    ofPlayer: (player: PlayerKey) =>
      db.selectFrom('attachments').selectAll().where('player', '=', player).orderBy('created_at').execute(),

    add: (row: Insertable<AttachmentTable>) => db.insertInto('attachments').values(row).execute(),

    /**
     * Adds a file that no message carries yet, or says whose room is taken. Call it in a transaction of its own: on
     * PostgreSQL it holds a lock that all announcing takes until the commit, so that 200 at once are counted like 200.
     */
    async announce(
      row: Insertable<AttachmentTable> & Announced,
      own: LooseBounds,
      all: WaitingBounds,
    ): Promise<'taken' | 'no_room_of_own' | 'no_room'> {
      if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${announcing})`.execute(db)
      const loose = await measure(
        measured(db).where('player', '=', row.player).where('message_id', 'is', null).where('state', '!=', 'refused'),
      )
      if (loose.count >= own.count || loose.bytes + row.file_size > own.bytes) return 'no_room_of_own'
      if (!(await hasRoom(db, row, all))) return 'no_room'
      await db.insertInto('attachments').values(row).execute()
      return 'taken'
    },

    waiting: () => waitingByGame(db),

    /** Its message was delivered: of its files those wait no more that are whole, the others until they are. */
    handOver: (message: MessageId) =>
      db
        .updateTable('attachments')
        // Each row is touched, so that whoever is writing down a verdict on one of them is waited for.
        .set({ waiting_from: sql`case when state in ('uploading', 'checking') then waiting_from end` })
        .where('message_id', '=', message)
        .where('waiting_from', 'is not', null)
        .execute(),

    /** Its bytes go straight to the vendor. */
    /** False where the file has been dropped meanwhile. */
    async placeAtVendor(id: AttachmentId, vendor_file_id: VendorFileId): Promise<boolean> {
      const change = db.updateTable('attachments').set({ vendor_file_id, waiting_from: null }).where('id', '=', id)
      return (await change.executeTakeFirst()).numUpdatedRows === 1n
    },

    /**
     * Puts a file on a message, in whatever state it is; false when it is on one already or not this player's. That it is
     * named is how the relay hears that a file has been put straight to the vendor, who is asked on delivery.
     */
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
        .executeTakeFirst()
      await db
        .updateTable('attachments')
        .set({ state: 'checking' })
        .where('id', '=', id)
        .where('message_id', '=', on.message_id)
        .where('vendor_file_id', 'is not', null)
        .where('state', '=', 'uploading')
        .execute()
      return numUpdatedRows === 1n
    },

    /** A player's files that lie at the vendor, or may, and that no vendor ticket carries. */
    ticketlessAtVendor: (player: PlayerKey): Promise<AttachmentRow[]> =>
      db
        .selectFrom('attachments')
        .leftJoin('messages', 'messages.id', 'attachments.message_id')
        .selectAll('attachments')
        .where('attachments.player', '=', player)
        .where('attachments.vendor_file_id', 'is not', null)
        .where('messages.chain_position', 'is', null)
        .execute(),

    /** All bytes are there: from now on `checking`, in hand until `until`. False when it was not `uploading` any more. */
    async beginCheck(id: AttachmentId, until: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('attachments')
        .set({ state: 'checking', check_at: until.getTime(), checks: 0 })
        .where('id', '=', id)
        .where('state', '=', 'uploading')
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    /** Files without a verdict that nobody has in hand, longest due first. */
    unchecked: (now: Date, limit: number): Promise<AttachmentRow[]> =>
      db
        .selectFrom('attachments')
        .selectAll()
        .where('state', 'in', ['uploading', 'checking'])
        .where('check_at', '<=', now.getTime())
        .where('vendor_file_id', 'is', null)
        .orderBy('check_at')
        .limit(limit)
        .execute(),

    /** Takes one of them in hand until `until`; false when another relay was quicker. */
    async claimCheck({ id, check_at }: AttachmentRow, until: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('attachments')
        .set((set) => ({ check_at: until.getTime(), checks: set('checks', '+', 1) }))
        .where('id', '=', id)
        .where('check_at', '=', check_at)
        .where('state', 'in', ['uploading', 'checking'])
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    /** Moves the time of the next look, or of the end of this one. */
    checkAt: (id: AttachmentId, at: Date) =>
      db
        .updateTable('attachments')
        .set({ check_at: at.getTime() })
        .where('id', '=', id)
        .where('state', 'in', ['uploading', 'checking'])
        .execute(),

    /** Writes down a verdict; undefined where there is one already, or the file is gone. Call it in a transaction. */
    async settle(
      id: AttachmentId,
      verdict: Pick<Updateable<AttachmentTable>, 'state' | 'reason' | 'file_type'>,
    ): Promise<AttachmentRow | undefined> {
      const settled = await db
        .updateTable('attachments')
        .set({ ...verdict, ...(verdict.state === 'refused' && { waiting_from: null }) })
        .where('id', '=', id)
        .where('state', 'in', ['uploading', 'checking'])
        .returningAll()
        .executeTakeFirst()
      if (!settled?.message_id || settled.waiting_from === null) return settled
      // A statement of its own: it sees what was delivered while the one before waited for the row.
      await db
        .updateTable('attachments')
        .set({ waiting_from: null })
        .where('id', '=', id)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('messages')
              .select('messages.id')
              .where('messages.id', '=', settled.message_id)
              .where('messages.delivery', 'in', ['delivered', 'read']),
          ),
        )
        .execute()
      return settled
    },

    /** Bytes that should be there and are not. */
    markLost: (id: AttachmentId) =>
      db
        .updateTable('attachments')
        .set({ state: 'refused', reason: 'unreadable', waiting_from: null })
        .where('id', '=', id)
        .where('state', '!=', 'refused')
        .returningAll()
        .executeTakeFirst(),

    /** Of these ids, those whose bytes the relay has to keep. */
    async namedAmong(ids: readonly string[]): Promise<string[]> {
      const rows = await db
        .selectFrom('attachments')
        .select('id')
        .where('id', 'in', ids as readonly AttachmentId[])
        .where('vendor_file_id', 'is', null)
        .where('state', '!=', 'refused')
        .execute()
      return rows.map(({ id }) => id)
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

/** It was to be put straight to the vendor, and nobody has seen it there yet. */
export function isUnseenAtVendor({ vendor_file_id, state }: Pick<AttachmentRow, 'vendor_file_id' | 'state'>): boolean {
  return vendor_file_id !== null && state === 'uploading'
}
