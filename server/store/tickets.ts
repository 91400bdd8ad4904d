/** Tickets and their chains of vendor tickets. */
import { type ExpressionBuilder, type Insertable, type Kysely, sql, type Updateable } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import type { VendorTicketId } from '../vendors/vendor.ts'
import { insertRows, run } from './statement.ts'
import type { ChainTable, PlayerKey, Tables, TicketTable } from './tables.ts'
import { ticketReads } from './ticket-reading.ts'

/** A ticket with what every view of it needs: the newest that somebody wrote, and how many of the agents' it has unread. */
export type TicketRow = NonNullable<Awaited<ReturnType<ReturnType<typeof ticketReads>['find']>>>

/** What a list shows of a ticket: nothing that grows with what was sent along when it was opened. */
export type TicketSummary = Omit<Awaited<ReturnType<ReturnType<typeof ticketReads>['list']>>[number], 'newest_event'>

export function ticketRows(db: Kysely<Tables>) {
  const reads = ticketReads(db)

  return {
    ...reads,

    /** Like `find`, holding the row until the transaction ends, so that nobody else writes to the ticket meanwhile. */
    async lock(id: TicketId) {
      await db
        .updateTable('tickets')
        .set((set) => ({ message_count: set.ref('message_count') }))
        .where('id', '=', id)
        .execute()
      return reads.find(id)
    },

    async isNumberTaken(game: string, number: string): Promise<boolean> {
      const rows = await run(db, 'ticket by number', [game, number], () =>
        db.selectFrom('tickets').select('id').where('game', '=', game).where('number', '=', number),
      )
      return rows.length > 0
    },

    add: (row: Insertable<TicketTable>) => insertRows(db, 'tickets', [row]),

    /** Something has happened on the ticket. */
    touch: (id: TicketId, at: Date) =>
      db
        .updateTable('tickets')
        .set((set) => ({ updated_at: later(set, at) }))
        .where('id', '=', id)
        .execute(),

    change: (id: TicketId, change: Updateable<TicketTable>) =>
      db.updateTable('tickets').set(change).where('id', '=', id).execute(),

    /** Takes the next position; the row's lock keeps writers of one ticket apart until they commit. */
    async takePosition(id: TicketId): Promise<number> {
      const { message_count } = await db
        .updateTable('tickets')
        .set(nextPosition)
        .where('id', '=', id)
        .returning('message_count')
        .executeTakeFirstOrThrow()
      return message_count
    },

    /** Like `takePosition`, for what the player writes: undefined where the ticket is closed by now. */
    async takeReply(id: TicketId, now: Date): Promise<number | undefined> {
      const row = await db
        .updateTable('tickets')
        // What the player answers to, they have seen.
        .set((set) => ({
          ...nextPosition(set),
          read_position: set('message_count', '+', 1),
          status: 'open' as const,
          updated_at: later(set, now),
        }))
        .where('id', '=', id)
        .where('status', '!=', 'closed')
        .returning('message_count')
        .executeTakeFirst()
      return row?.message_count
    },

    /** Closes a ticket or opens it again, and takes the position of the line about it. Undefined where it is so already. */
    async changeStatus(
      id: TicketId,
      change: Updateable<TicketTable> & Pick<TicketTable, 'status'>,
      now: Date,
    ): Promise<number | undefined> {
      const row = await db
        .updateTable('tickets')
        .set((set) => ({ ...change, ...nextLine(set), updated_at: later(set, now) }))
        .where('id', '=', id)
        .where('status', change.status === 'closed' ? '!=' : '=', 'closed')
        .returning('message_count')
        .executeTakeFirst()
      return row?.message_count
    },

    markRead: (id: TicketId, position: number) =>
      db
        .updateTable('tickets')
        .set({ read_position: position })
        .where('id', '=', id)
        .where('read_position', '<', position)
        .execute(),

    /** Tickets that may still hold text though nothing has happened on them for long, longest first. */
    untouchedSince: (before: Date, limit: number, refilledBefore = before) =>
      db
        .selectFrom('tickets')
        .select('id')
        .where((ticket) => isUntouched(ticket, before, refilledBefore))
        .orderBy('updated_at')
        .limit(limit)
        .execute(),

    /**
     * Empties one of those: it goes by its number from now on. False where something has happened on it, or waits to be
     * sent, by now.
     *
     * @param signed - what the vendor may not be asked about it without
     */
    async empty(id: TicketId, signed: string, before: Date, refilledBefore = before): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('tickets')
        .set((set) => ({
          emptied: 1,
          subject: set.ref('number'),
          fields: '{}',
          claimed: '{}',
          signed,
          answer_to: null,
          rating_comment: null,
        }))
        .where('id', '=', id)
        .where((ticket) => isUntouched(ticket, before, refilledBefore))
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      await db.updateTable('chains').set({ given: null }).where('ticket_id', '=', id).execute()
      return true
    },

    /** The vendor has brought back what was said; the subject only where it was gone. */
    async refill(id: TicketId, subject: string | undefined, at: Date): Promise<void> {
      await db.updateTable('tickets').set({ emptied: 0, refilled_at: at.getTime() }).where('id', '=', id).execute()
      if (subject)
        await db
          .updateTable('tickets')
          .set({ subject })
          .where('id', '=', id)
          .whereRef('subject', '=', 'number')
          .execute()
    },

    ofPlayer: (player: PlayerKey) => db.selectFrom('tickets').select('id').where('player', '=', player).execute(),

    forget: (ids: readonly TicketId[]) => db.deleteFrom('tickets').where('id', 'in', ids).execute(),

    chain: (id: TicketId) =>
      run(db, 'chain', [id], () => db.selectFrom('chains').selectAll().where('ticket_id', '=', id).orderBy('position')),

    chainsOf: (player: PlayerKey) =>
      db
        .selectFrom('chains')
        .innerJoin('tickets', 'tickets.id', 'chains.ticket_id')
        .selectAll('chains')
        .where('tickets.player', '=', player)
        .execute(),

    /** Whether the vendor has taken a ticket of this very player's. */
    async isAtVendor(player: PlayerKey): Promise<boolean> {
      const link = db.selectFrom('chains').select('ticket_id').where('player', '=', player).limit(1)
      return (await link.executeTakeFirst()) !== undefined
    },

    /** False when the vendor ticket is in a chain already. */
    async link(row: Insertable<ChainTable>): Promise<boolean> {
      return (await insertRows(db, 'chains', [row], { orNothing: true })) === 1
    },

    findByVendor: (game: string, vendorTicketId: VendorTicketId) =>
      db
        .selectFrom('chains')
        .selectAll()
        .where('game', '=', game)
        .where('vendor_ticket_id', '=', vendorTicketId)
        .executeTakeFirst(),

    unlink: (ids: readonly TicketId[]) => db.deleteFrom('chains').where('ticket_id', 'in', ids).execute(),
  }
}

/** Grows with every change, whatever the clock says: of two copies of a ticket it tells which is the newer. */
function later(set: ExpressionBuilder<Tables, 'tickets'>, time: Date) {
  return set
    .case()
    .when('updated_at', '<', time.getTime())
    .then(time.getTime())
    .else(set('updated_at', '+', 1))
    .end()
}

/** Literals, because an index over a part of the table serves only a query that is seen to keep to that part. */
function isUntouched(ticket: ExpressionBuilder<Tables, 'tickets'>, before: Date, refilledBefore: Date) {
  return ticket.and([
    ticket('emptied', '=', sql.lit(0)),
    ticket('updated_at', '<', before.getTime()),
    ticket('refilled_at', '<', refilledBefore.getTime()),
    ticket.not(
      ticket.exists(
        ticket
          .selectFrom('deliveries')
          .select('deliveries.sequence')
          .whereRef('deliveries.ticket_id', '=', 'tickets.id')
          .where('deliveries.state', '=', 'waiting'),
      ),
    ),
  ])
}

function nextPosition(set: ExpressionBuilder<Tables, 'tickets'>) {
  return { ...nextLine(set), said_position: set('message_count', '+', 1) }
}

/** Of something that nobody said. */
function nextLine(set: ExpressionBuilder<Tables, 'tickets'>) {
  return { message_count: set('message_count', '+', 1), emptied: 0 }
}
