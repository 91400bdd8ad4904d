/** What happened to a player's things, in order, so that a stream can pick up where it broke off. */
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Engine } from './engine.ts'
import { insertRows, run, runOver } from './statement.ts'
import { inBatches } from './sweep.ts'
import type { EventTable, EventType, PlayerKey, Tables } from './tables.ts'

export type EventRow = Selectable<EventTable>

/** What happened, and what it is about. */
export type NewEvent = { type: EventType } & Partial<Pick<EventRow, keyof typeof aboutNothing>>

/** Up to which event somebody has heard. */
export interface Place {
  player: PlayerKey
  sequence: number
}

const aboutNothing = { ticket_id: null, message_id: null, attachment_id: null, request_id: null }

export function eventRows(db: Kysely<Tables>, engine: Engine) {
  return {
    /** In the order given. Call it last in a transaction: on PostgreSQL it holds the player's lock until the commit. */
    async add(player: PlayerKey, at: Date, ...events: NewEvent[]): Promise<void> {
      // Sequences are given out before they are committed. A stream that has seen 11 would never see a 10 that commits
      // later, so two transactions with events of one player take turns.
      if (engine === 'postgres') await sql`select pg_advisory_xact_lock(hashtextextended(${player}, 0))`.execute(db)
      const rows = events.map((event) => ({ ...aboutNothing, ...event, player, created_at: at.getTime() }))
      await insertRows(db, 'events', rows)
    },

    /** The sequence of a player's newest event, or of the newest until a moment; 0 where there is none. */
    async newestOf(player: PlayerKey, until?: Date): Promise<number> {
      const row = await db
        .selectFrom('events')
        .select('sequence')
        .where('player', '=', player)
        .$if(until !== undefined, (events) => events.where('created_at', '<=', until?.getTime() ?? 0))
        .orderBy('sequence', 'desc')
        .limit(1)
        .executeTakeFirst()
      return Number(row?.sequence ?? 0)
    },

    since: (player: PlayerKey, sequence: number, limit: number): Promise<EventRow[]> =>
      run(db, 'events since', [player, sequence, limit], () =>
        db
          .selectFrom('events')
          .selectAll()
          .where('player', '=', player)
          .where('sequence', '>', sequence)
          .orderBy('sequence')
          .limit(limit),
      ),

    /** Of several players, each since a sequence of their own; the oldest `limit` of all of them. */
    sinceEach: (places: readonly Place[], limit: number): Promise<EventRow[]> =>
      runOver(
        db,
        `events since each ${limit}`,
        places,
        ({ player, sequence }) => [player, sequence],
        (filled) => ({ compile: () => sinceEach(filled, limit).compile(db) }),
      ),

    /** The newest and the oldest kept; both 0 while there is none. */
    async range(): Promise<{ oldest: number; newest: number }> {
      // Each by itself is the end of an index; both in one question make SQLite walk all of it.
      const row = await db
        .selectNoFrom((from) => [
          from
            .selectFrom('events')
            .select((select) => select.fn.min('sequence').as('end'))
            .as('oldest'),
          from
            .selectFrom('events')
            .select((select) => select.fn.max('sequence').as('end'))
            .as('newest'),
        ])
        .executeTakeFirst()
      return { oldest: row?.oldest ?? 0, newest: row?.newest ?? 0 }
    },

    /** Whose streams have news after a sequence. */
    async playersSince(sequence: number): Promise<Set<PlayerKey>> {
      // Not `distinct`: for that SQLite walks the index of players from end to end.
      const rows = await db
        .selectFrom('events')
        .select('player')
        .where('sequence', '>', sequence)
        .orderBy('sequence')
        .execute()
      return new Set(rows.map(({ player }) => player))
    },

    /** They lie nearly in the order of their times: behind a whole batch that is to be kept, none need be looked at. */
    sweep(before: Date): Promise<void> {
      // Not from the beginning each time: PostgreSQL would walk past all that it has just deleted.
      let done = 0
      return inBatches(async (size) => {
        const oldest = await db
          .selectFrom('events')
          .select(['sequence', 'created_at'])
          .where('sequence', '>', done)
          .orderBy('sequence')
          .limit(size)
          .execute()
        const last = oldest.at(-1)?.sequence
        if (last === undefined || !oldest.some(({ created_at }) => created_at < before.getTime())) return false
        await db
          .deleteFrom('events')
          .where('sequence', '>', done)
          .where('sequence', '<=', last)
          .where('created_at', '<', before.getTime())
          .execute()
        done = last
        return oldest.length === size
      })
    },

    forget: (player: PlayerKey) => db.deleteFrom('events').where('player', '=', player).execute(),
  }
}

/** `recursive` says no more than that it is a read, see `sqlite.ts`. A place that stands there twice counts once. */
function sinceEach(places: readonly Place[], limit: number) {
  const values = sql.join(
    places.map(({ player, sequence }) => sql`(cast(${player} as text), cast(${sequence} as bigint))`),
  )
  return sql<EventRow>`
    with recursive place (player, sequence) as (values ${values}),
      each_place as (select distinct player, sequence from place)
    select events.* from each_place cross join events
    where events.player = each_place.player and events.sequence > each_place.sequence
    order by events.sequence limit ${sql.lit(limit)}`
}
