/**
 * What a reader of a vendor account finds in the ledger: which relay it is, what other relays wish to have read, which
 * tickets have not been heard for long, and what a list last showed of each.
 */
import { type Kysely, sql } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import type { VendorTicketId } from '../vendors/vendor.ts'
import type { LedgerNow } from './ledger-clock.ts'
import type { Tables } from './tables.ts'

/** A ticket that some relay wishes to have read. */
export interface ReadWish {
  ticketId: TicketId
  /** Position in its chain of what a vendor has hinted at; 0: none in particular. */
  position: number
}

/** Open tickets by how long ago something happened on them, that were not heard for a while. Times in milliseconds. */
export interface DueQuery {
  games: readonly string[]
  updatedAfter: number
  updatedBefore: number
  heardBefore: number
  /** Heard later than this: then a clock was set back since, and nothing is known. */
  heardAfter: number
  except: readonly TicketId[]
  limit: number
}

/** `seen` of what a list has left out, and of which its ticket was read since. */
export const leftOut = 'left out'

export type ListedLink = Awaited<ReturnType<ReturnType<typeof readingRows>['listed']>>[number]

export function readingRows(db: Kysely<Tables>, now: LedgerNow) {
  const later = (ms: number) => sql<number>`${now()} + cast(${Math.ceil(ms)} as bigint)`

  const openLinks = (games: readonly string[]) =>
    db
      .selectFrom('chains')
      .innerJoin('tickets', 'tickets.id', 'chains.ticket_id')
      .where('chains.game', 'in', games)
      .where('tickets.status', '!=', sql.lit('closed'))

  return {
    /**
     * Becomes, or stays, the one reader of an account. Undefined where another relay is.
     *
     * @returns whether anybody looks on, on whatever relay
     */
    async lead(account: string, owner: string, leaseMs: number): Promise<{ isWatched: boolean } | undefined> {
      // One that ends later than any can was given before the ledger's clock was set back.
      const { rows } = await sql<{ watched: number }>`
        insert into readers (account, owner, lease_until, watched_until) values (${account}, ${owner}, ${later(leaseMs)}, 0)
        on conflict (account) do update set owner = excluded.owner, lease_until = excluded.lease_until
          where readers.owner = excluded.owner or readers.lease_until <= ${now()}
            or readers.lease_until > ${later(leaseMs + 1_000)}
        returning case when readers.watched_until > ${now()} then 1 else 0 end as watched`.execute(db)
      const [row] = rows
      return row && { isWatched: Number(row.watched) === 1 }
    },

    /** Somebody looks on at this relay, which is not the reader. */
    watch: (account: string, ms: number) =>
      db
        .updateTable('readers')
        .set({ watched_until: later(ms) })
        .where('account', '=', account)
        .execute(),

    /** Counts a call of a relay that is not the reader. False where there were so many within this minute already. */
    async countCall(account: string, most: number): Promise<boolean> {
      const { numAffectedRows } = await sql`
        update readers set
          asked = case when asked_until > ${now()} then asked + 1 else 1 end,
          asked_until = case when asked_until > ${now()} then asked_until else ${later(60_000)} end
        where account = ${account} and (asked_until <= ${now()} or asked < ${most})`.execute(db)
      return numAffectedRows === 1n
    },

    /** Leaves it to whoever comes next. */
    leave: (account: string, owner: string) =>
      db
        .updateTable('readers')
        .set({ lease_until: 0 })
        .where('account', '=', account)
        .where('owner', '=', owner)
        .execute(),

    wish: (account: string, { ticketId, position }: ReadWish) =>
      sql`
        insert into read_wishes (account, ticket_id, position, wished_at)
        values (${account}, ${ticketId}, ${position}, ${now()}) on conflict do nothing`.execute(db),

    /** Wishes that no reader took: its account is in no relay's configuration any more. */
    sweepWishes: (before: Date) => db.deleteFrom('read_wishes').where('wished_at', '<', before.getTime()).execute(),

    async takeWishes(account: string): Promise<ReadWish[]> {
      const rows = await db.deleteFrom('read_wishes').where('account', '=', account).returningAll().execute()
      return rows.map(({ ticket_id: ticketId, position }) => ({ ticketId, position }))
    },

    /** Heard the longest ago first. */
    due: ({ games, updatedAfter, updatedBefore, heardBefore, heardAfter, except, limit }: DueQuery) =>
      db
        .selectFrom('tickets')
        .select(['id', 'heard_at', 'updated_at'])
        .where('game', 'in', games)
        .where('status', '!=', sql.lit('closed'))
        .where('updated_at', '>', updatedAfter)
        .where('updated_at', '<=', updatedBefore)
        .where((where) => where.or([where('heard_at', '<', heardBefore), where('heard_at', '>', heardAfter)]))
        // What has outlived its retention, or was never here, comes back for a player who looks, and not by itself.
        .where('emptied', '=', 0)
        .where('said_position', '>', 0)
        // Not yet at the vendor: there is nothing to read.
        .where((where) =>
          where.exists(where.selectFrom('chains').select('position').whereRef('chains.ticket_id', '=', 'tickets.id')),
        )
        .$if(except.length > 0, (rows) => rows.where('id', 'not in', except))
        .orderBy('heard_at')
        .limit(limit)
        .execute(),

    /** Ours among what a list shows. */
    listed: (games: readonly string[], ids: readonly VendorTicketId[]) =>
      db
        .selectFrom('chains')
        .innerJoin('tickets', 'tickets.id', 'chains.ticket_id')
        .select([
          'chains.ticket_id',
          'chains.position',
          'chains.vendor_ticket_id',
          'chains.seen',
          'tickets.updated_at',
          'tickets.heard_at',
          'tickets.emptied',
        ])
        .where('chains.game', 'in', games)
        .where('chains.vendor_ticket_id', 'in', ids)
        .execute(),

    /** Remembers what a list showed when its ticket was read, so that it need not be read for that again. */
    saw: (ticketId: TicketId, position: number, seen: string) =>
      db
        .updateTable('chains')
        .set({ seen })
        .where('ticket_id', '=', ticketId)
        .where('position', '=', position)
        .execute(),

    /** Open, and once shown by a list: a page of them, behind the last one of the page before. */
    shownBefore: (games: readonly string[], after: { ticketId: TicketId; position: number }, limit: number) =>
      openLinks(games)
        .select(['chains.ticket_id', 'chains.position', 'chains.vendor_ticket_id'])
        .where('chains.seen', 'is not', null)
        .where('chains.seen', '!=', leftOut)
        .where('tickets.emptied', '=', 0)
        .where((where) =>
          where(
            where.refTuple('chains.ticket_id', 'chains.position'),
            '>',
            where.tuple(after.ticketId, after.position),
          ),
        )
        .orderBy('chains.ticket_id')
        .orderBy('chains.position')
        .limit(limit)
        .execute(),

    /** When the oldest of the open tickets was opened on which something happened since. Milliseconds. */
    async oldestOpen(games: readonly string[], since: number): Promise<number | undefined> {
      const row = await db
        .selectFrom('tickets')
        .select((select) => select.fn.min('created_at').as('at'))
        .where('game', 'in', games)
        .where('status', '!=', sql.lit('closed'))
        .where('updated_at', '>', since)
        .executeTakeFirst()
      return row?.at == null ? undefined : Number(row.at)
    },
  }
}
