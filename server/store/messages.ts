/** What was said, in the order the relay came to know it. */
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { MessageId, TicketId } from '../contract/ids.ts'
import { insertRows, run, runOver } from './statement.ts'
import type { MessageTable, PlayerKey, Tables } from './tables.ts'

/** Past every position: the largest integer both engines hold. */
const newestPosition = 2_147_483_647

export type MessageRow = Selectable<MessageTable>

export function messageRows(db: Kysely<Tables>) {
  return {
    find: (id: MessageId) => db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirst(),

    findAll: (ids: readonly MessageId[]): Promise<MessageRow[]> =>
      runOver(
        db,
        'messages by id',
        ids,
        (id) => [id],
        (filled) => db.selectFrom('messages').selectAll().where('id', 'in', filled),
      ),

    /** The newest `limit` before a position, oldest first. */
    async page(ticketId: TicketId, limit: number, before = newestPosition): Promise<MessageRow[]> {
      const rows = await run(db, 'messages before', [ticketId, before, limit], () =>
        db
          .selectFrom('messages')
          .selectAll()
          .where('ticket_id', '=', ticketId)
          .where('position', '<', before)
          .orderBy('position', 'desc')
          .limit(limit),
      )
      return rows.reverse()
    },

    /** The oldest `limit` after a position, oldest first. */
    after: (ticketId: TicketId, position: number, limit: number): Promise<MessageRow[]> =>
      db
        .selectFrom('messages')
        .selectAll()
        .where('ticket_id', '=', ticketId)
        .where('position', '>', position)
        .orderBy('position')
        .limit(limit)
        .execute(),

    all: (ticketId: TicketId) =>
      db.selectFrom('messages').selectAll().where('ticket_id', '=', ticketId).orderBy('position').execute(),

    async count(ids: readonly TicketId[]): Promise<number> {
      if (ids.length === 0) return 0
      const { count } = await db
        .selectFrom('messages')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('ticket_id', 'in', ids)
        .executeTakeFirstOrThrow()
      return Number(count)
    },

    /** The ticket on which a player wrote what bears this mark. */
    ticketOfMark: (player: PlayerKey, mark: string) =>
      db
        .selectFrom('messages')
        .innerJoin('tickets', 'tickets.id', 'messages.ticket_id')
        .select(['tickets.id', 'tickets.game', 'tickets.number', 'messages.id as message_id'])
        .where('tickets.player', '=', player)
        .where('messages.mark', '=', mark)
        .executeTakeFirst(),

    add: (row: Insertable<MessageTable>) => insertRows(db, 'messages', [row]),

    change: (id: MessageId, change: Updateable<MessageTable>) =>
      db.updateTable('messages').set(change).where('id', '=', id).execute(),

    /** Those that an operator has given up: of what became of them at the vendor nothing is known any more. */
    givenUp: (ids: readonly TicketId[]): Promise<MessageRow[]> =>
      ids.length === 0
        ? Promise.resolve([])
        : db
            .selectFrom('messages')
            .selectAll()
            .where('ticket_id', 'in', ids)
            .where('author', '=', 'player')
            .where('delivery', '=', 'failed')
            .where((message) =>
              message.not(
                message.exists(
                  message
                    .selectFrom('deliveries')
                    .select('deliveries.sequence')
                    .whereRef('deliveries.message_id', '=', 'messages.id'),
                ),
              ),
            )
            .execute(),

    forget: (ids: readonly TicketId[]) => db.deleteFrom('messages').where('ticket_id', 'in', ids).execute(),
  }
}
