/** Players who were not seen for long: what of theirs nothing needs any more. */
import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import type { PlayerKey, Tables } from './tables.ts'

/** Where a walk over the players stands: the last one looked at. */
export interface UnseenCursor {
  seen_at: number
  player: PlayerKey
}

/** Not seen since. */
export interface Unseen {
  /** No token of theirs can be good any more. */
  tokenless: Date
  /** They will hardly come back for what the vendor still has of theirs. */
  forgotten: Date
}

export function unseenRows(db: Kysely<Tables>) {
  return {
    /** Those longest unseen, a page at a time: who stays is passed by, and not looked at again before everybody else. */
    list: (before: Date, limit: number, after?: UnseenCursor): Promise<UnseenCursor[]> =>
      db
        .selectFrom('players')
        .select(['seen_at', 'player'])
        .where('seen_at', '<', before.getTime())
        .$if(after !== undefined, (rows) =>
          rows.where((where) =>
            where(
              where.refTuple('seen_at', 'player'),
              '>',
              where.tuple(after?.seen_at ?? 0, after?.player ?? ('' as PlayerKey)),
            ),
          ),
        )
        .orderBy('seen_at')
        .orderBy('player')
        .limit(limit)
        .execute(),

    /**
     * Drops players whom nothing in the ledger names any more. Who has come back by now stays: writing moves `seen_at`, and
     * whoever writes meanwhile makes the row again.
     *
     * @returns how many
     */
    async drop(players: readonly PlayerKey[], before: Date): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('players')
        .where('player', 'in', players)
        .where('seen_at', '<', before.getTime())
        .where((player) => player.not(player.or(needs(player))))
        .executeTakeFirst()
      return Number(numDeletedRows)
    },

    /** Their tickets without text, where nobody can come back to have them shown again. */
    shells: (players: readonly PlayerKey[], unseen: Unseen, limit: number): Promise<TicketId[]> =>
      db
        .selectFrom('tickets')
        .select('id')
        .where('player', 'in', players)
        .where((ticket) => isLeft(ticket, unseen))
        .limit(limit)
        .execute()
        .then((rows) => rows.map(({ id }) => id)),

    /** Drops those that are so still. Call it in a transaction, and let go what hangs on them in the same. */
    dropShells: (ids: readonly TicketId[], unseen: Unseen): Promise<TicketId[]> =>
      db
        .deleteFrom('tickets')
        .where('id', 'in', ids)
        .where((ticket) => isLeft(ticket, unseen))
        .returning('id')
        .execute()
        .then((rows) => rows.map(({ id }) => id)),
  }
}

/** By whichever of these a player is named who is needed: as whose it is, or as whom it was opened at the vendor. */
function needs(player: ExpressionBuilder<Tables, 'players'>) {
  const named = (['tickets', 'chains', 'deliveries', 'attachments', 'late_copies', 'erasures'] as const).map((table) =>
    player.exists(
      sql`(select 1 from ${sql.table(table)} as needed where needed.player = ${sql.ref('players.player')} limit 1)`,
    ),
  )
  return [...named, player.exists(unfinished(player, 'players.player'))]
}

function ownKeys(player: ExpressionBuilder<Tables, 'players'>) {
  return player
    .selectFrom('recovery_keys')
    .select('recovery_keys.hash')
    .whereRef('recovery_keys.player', '=', 'players.player')
}

function unfinished(
  where: Pick<ExpressionBuilder<Tables, 'players' | 'tickets'>, 'selectFrom'>,
  player: 'players.player' | 'tickets.player',
) {
  return where
    .selectFrom('deletions')
    .select('deletions.id')
    .where(sql<boolean>`deletions.status in ('waiting', 'begun')`)
    .where('deletions.player', '=', sql.ref<PlayerKey>(player))
}

/** Nothing of it is here or on its way, and its player was not seen for long, or has nothing left to come back with. */
function isLeft(ticket: ExpressionBuilder<Tables, 'tickets'>, { tokenless, forgotten }: Unseen) {
  const owner = ticket
    .selectFrom('players')
    .select('players.player')
    .whereRef('players.player', '=', 'tickets.player')
    .where('players.seen_at', '<', tokenless.getTime())
    .where((player) =>
      player.or([
        player('players.seen_at', '<', forgotten.getTime()),
        player.and([player('players.kind', '=', 'anonymous'), player.not(player.exists(ownKeys(player)))]),
      ]),
    )
  return ticket.and([
    ticket('tickets.emptied', '=', 1),
    ticket.exists(owner),
    ticket.not(
      ticket.exists(
        ticket
          .selectFrom('deliveries')
          .select('deliveries.sequence')
          .whereRef('deliveries.ticket_id', '=', 'tickets.id'),
      ),
    ),
    ticket.not(ticket.exists(unfinished(ticket, 'tickets.player'))),
  ])
}
