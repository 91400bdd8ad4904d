/** What is read of tickets to show them: each statement is put together once. */
import { type JoinBuilder, type Kysely, sql } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import { run, runOver } from './statement.ts'
import type { PlayerKey, Tables } from './tables.ts'

/** Where a page of tickets goes on: the last one seen. */
export interface TicketCursor {
  updatedAt: number
  id: TicketId
}

/** Before every ticket: a time that none has, because it is past what a clock can say. */
const newest: TicketCursor = { updatedAt: Number.MAX_SAFE_INTEGER, id: '' as TicketId }

/** How many characters of the newest message come with a ticket: one more than any view of it shows. */
export const newestTextLength = 141

/** Far more tickets than a player can have unread; a bound all the same. */
const countedTickets = 200

/** Each value costs as much as finding it did: what whoever asks knows already is not read. */
const ofSummary = [
  'tickets.id',
  'tickets.number',
  'tickets.subject',
  'tickets.status',
  'tickets.language',
  'tickets.category',
  'tickets.created_at',
  'tickets.updated_at',
  'tickets.heard_at',
  'tickets.must_read',
  'tickets.rating_score',
  'tickets.rating_comment',
  'tickets.read_position',
  'tickets.message_count',
  'tickets.refilled_at',
  'tickets.emptied',
] as const

/** Of whatever is shown of tickets, something here grows or changes with it. */
const marked = ['updated_at', 'heard_at', 'read_position', 'message_count', 'refilled_at', 'emptied'] as const

/** Tells whether anything has changed of what tickets show: the same again only while nothing has. */
export type TicketMark = readonly (number | null)[]

type Marked = Record<(typeof marked)[number], number> & { newest_event: number | null }

/** Of tickets that were read: `newest_event` stands for what their messages and files have been through. */
export function markOf(rows: readonly Marked[]): TicketMark {
  const sums = marked.map((name) => rows.reduce((sum, row) => sum + Number(row[name]), 0))
  return [rows[0]?.newest_event ?? null, rows.length, ...sums]
}

/** Of the player whose ticket it is. */
const newestEvent = sql<number | null>`(select max(sequence) from events where player = tickets.player)`.as(
  'newest_event',
)

export function ticketReads(db: Kysely<Tables>) {
  type Joined = JoinBuilder<Tables & { newest: Tables['messages'] }, 'tickets' | 'newest'>
  const newestOf = (join: Joined) =>
    join.onRef('newest.ticket_id', '=', 'tickets.id').onRef('newest.position', '=', 'tickets.said_position')

  const withNewest = () =>
    db
      .selectFrom('tickets')
      .leftJoin('messages as newest', newestOf)
      .select([
        'newest.author as newest_author',
        // Cut by the ledger: a list of long texts is read to show their beginnings.
        sql<string | null>`substr(newest.text, 1, ${sql.lit(newestTextLength)})`.as('newest_text'),
        'newest.sent_at as newest_sent_at',
        (query) =>
          query
            .case()
            // Most have been read to their end, which the ticket itself tells.
            .whenRef('tickets.message_count', '<=', 'tickets.read_position')
            .then(query.lit(0))
            .else(
              query
                .selectFrom('messages')
                .select((count) => count.fn.countAll<number>().as('unread'))
                .whereRef('messages.ticket_id', '=', 'tickets.id')
                .whereRef('messages.position', '>', 'tickets.read_position')
                .where('messages.author', '=', sql.lit('agent'))
                .$asScalar(),
            )
            .end()
            .as('unread'),
      ])

  const whole = () => withNewest().selectAll('tickets').select(newestEvent)

  return {
    async find(id: TicketId) {
      const [row] = await run(db, 'ticket', [id], () => whole().where('tickets.id', '=', id))
      return row
    },

    /** As much of a ticket as tells whether anything has changed of it, and whether to ask its vendor. */
    async findMarked(id: TicketId) {
      const [row] = await run(db, 'mark of a ticket', [id], () =>
        db
          .selectFrom('tickets')
          .leftJoin('messages as newest', newestOf)
          .select(['tickets.id', 'tickets.game', 'tickets.player', 'tickets.must_read'])
          .select(marked.map((name) => `tickets.${name}` as const))
          .select('newest.author as newest_author')
          .select(newestEvent)
          .where('tickets.id', '=', id),
      )
      return row
    },

    findAll: (ids: readonly TicketId[]) =>
      runOver(
        db,
        'tickets by id',
        ids,
        (id) => [id],
        (filled) => whole().where('tickets.id', 'in', filled),
      ),

    /** Newest first. */
    list: (player: PlayerKey, limit: number, after: TicketCursor = newest) =>
      run(db, 'tickets of a player', [player, player, after.updatedAt, after.id, limit], () =>
        withNewest()
          .select(ofSummary)
          .select(newestEventOf(player))
          .where('tickets.player', '=', player)
          .where((where) =>
            where(where.refTuple('tickets.updated_at', 'tickets.id'), '<', where.tuple(after.updatedAt, after.id)),
          )
          .orderBy('tickets.updated_at', 'desc')
          .orderBy('tickets.id', 'desc')
          .limit(limit),
      ),

    /** The {@link markOf} what {@link list} would read, off the tickets alone. */
    async markOfList(player: PlayerKey, limit: number, after: TicketCursor = newest): Promise<TicketMark> {
      const [row] = await run(db, 'mark of tickets', [player, player, after.updatedAt, after.id, limit], () =>
        db
          .selectFrom((from) =>
            from
              .selectFrom('tickets')
              .select(marked)
              .where('tickets.player', '=', player)
              .where((where) =>
                where(where.refTuple('tickets.updated_at', 'tickets.id'), '<', where.tuple(after.updatedAt, after.id)),
              )
              .orderBy('tickets.updated_at', 'desc')
              .orderBy('tickets.id', 'desc')
              .limit(limit)
              .as('page'),
          )
          .select([newestEventOf(player), (count) => count.fn.countAll<number>().as('count')])
          .select(({ fn }) => marked.map((name) => fn.sum<number | null>(`page.${name}`).as(name))),
      )
      const count = Number(row?.count ?? 0)
      return [count > 0 ? (row?.newest_event ?? null) : null, count, ...marked.map((name) => Number(row?.[name] ?? 0))]
    },

    /** Among a player's newest tickets: those with something unread, and those that wait for the player. */
    async countUnread(player: PlayerKey): Promise<{ count: number; unanswered: number }> {
      const [row] = await run(db, 'unread', [player], () => countUnread(db, player))
      return { count: Number(row?.count ?? 0), unanswered: Number(row?.unanswered ?? 0) }
    },
  }
}

function newestEventOf(player: PlayerKey) {
  return sql<number | null>`(select max(sequence) from events where player = ${player})`.as('newest_event')
}

function countUnread(db: Kysely<Tables>, player: PlayerKey) {
  return db
    .selectFrom((from) =>
      from
        .selectFrom('tickets')
        .select(['id', 'status', 'read_position'])
        .where('player', '=', player)
        .orderBy('updated_at', 'desc')
        .orderBy('id', 'desc')
        .limit(sql.lit(countedTickets))
        .as('own'),
    )
    .select(({ fn, exists, selectFrom, case: when, lit }) => [
      fn
        .sum(
          when()
            .when(
              exists(
                selectFrom('messages')
                  .select('messages.id')
                  .whereRef('messages.ticket_id', '=', 'own.id')
                  .whereRef('messages.position', '>', 'own.read_position')
                  .where('messages.author', '=', sql.lit('agent')),
              ),
            )
            .then(lit(1))
            .else(lit(0))
            .end(),
        )
        .as('count'),
      fn.sum(when().when('own.status', '=', sql.lit('answered')).then(lit(1)).else(lit(0)).end()).as('unanswered'),
    ])
}
