/** The outbox: what is promised to players and not yet at the vendor. */
import { type Insertable, type Kysely, type Selectable, sql, type Updateable } from 'kysely'
import type { MessageId, TicketId } from '../contract/ids.ts'
import type { Engine } from './database.ts'
import { insertRows } from './statement.ts'
import type { DeliveryTable, PlayerKey, Tables } from './tables.ts'

export type DeliveryRow = Selectable<DeliveryTable>
export type NewDelivery = Insertable<DeliveryTable>

export interface Lease {
  owner: string
  now: Date
  /** Another relay may take the work over from then on. */
  until: Date
}

export function deliveryRows(db: Kysely<Tables>, engine: Engine) {
  return {
    add: (row: NewDelivery) => insertRows(db, 'deliveries', [row]),

    /**
     * Leases up to `limit` due deliveries of a game and counts the attempt, before it is made. Takes only ever the oldest waiting one of a ticket, so that each ticket's order holds
     * while the others go on.
     */
    claim: async (game: string, lease: Lease, limit: number): Promise<DeliveryRow[]> => {
      const now = lease.now.getTime()
      return db
        .updateTable('deliveries')
        .set((set) => ({
          lease_owner: lease.owner,
          lease_until: lease.until.getTime(),
          attempts: set('attempts', '+', 1),
        }))
        .where('sequence', 'in', (query) =>
          query
            .selectFrom('deliveries as due')
            .select('due.sequence')
            .where('due.state', '=', 'waiting')
            .where('due.game', '=', game)
            .where('due.not_before', '<=', now)
            .where('due.lease_until', '<=', now)
            .where((where) =>
              where.not(
                where.exists(
                  where
                    .selectFrom('deliveries as earlier')
                    .select('earlier.sequence')
                    .whereRef('earlier.ticket_id', '=', 'due.ticket_id')
                    .where('earlier.state', '=', 'waiting')
                    .whereRef('earlier.sequence', '<', 'due.sequence'),
                ),
              ),
            )
            .orderBy('due.sequence')
            .limit(limit)
            .$if(engine === 'postgres', (query) => query.modifyEnd(sql`for update skip locked`)),
        )
        .returningAll()
        .execute()
    },

    /** Games with something due. */
    async dueGames(now: Date): Promise<string[]> {
      const rows = await db
        .selectFrom('deliveries')
        .select('game')
        .distinct()
        .where('state', '=', 'waiting')
        .where('not_before', '<=', now.getTime())
        .where('lease_until', '<=', now.getTime())
        .execute()
      return rows.map(({ game }) => game)
    },

    /** Changes a delivery only while this owner still holds it, so that a relay that lost its lease changes nothing. */
    async change(sequence: number, owner: string, change: Updateable<DeliveryTable>): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('deliveries')
        .set(change)
        .where('sequence', '=', sequence)
        .where('lease_owner', '=', owner)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async done(sequence: number, owner: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('deliveries')
        .where('sequence', '=', sequence)
        .where('lease_owner', '=', owner)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },

    release: (owner: string) =>
      db
        .updateTable('deliveries')
        .set({ lease_owner: null, lease_until: 0 })
        .where('lease_owner', '=', owner)
        .execute(),

    /** True while something of the ticket has yet to reach the vendor: its state there is then old news. */
    async isWaiting(ticketId: TicketId): Promise<boolean> {
      const row = await db
        .selectFrom('deliveries')
        .select('sequence')
        .where('ticket_id', '=', ticketId)
        .where('state', '=', 'waiting')
        .executeTakeFirst()
      return row !== undefined
    },

    /** When the oldest of a player's was put out that has not arrived; waiting or stuck. */
    async oldestUnsent(player: PlayerKey): Promise<number | undefined> {
      const { oldest } = await db
        .selectFrom('deliveries')
        .select((select) => select.fn.min('created_at').as('oldest'))
        .where('player', '=', player)
        .executeTakeFirstOrThrow()
      return oldest === null ? undefined : Number(oldest)
    },

    list: (limit: number) => db.selectFrom('deliveries').selectAll().orderBy('sequence').limit(limit).execute(),

    find: (sequence: number) =>
      db.selectFrom('deliveries').selectAll().where('sequence', '=', sequence).executeTakeFirst(),

    /** What it waited for is there. */
    hasten: (messageId: MessageId, now: Date) =>
      db
        .updateTable('deliveries')
        .set({ not_before: now.getTime() })
        .where('message_id', '=', messageId)
        .where('state', '=', 'waiting')
        .where('attempts', '=', 0)
        .execute(),

    findByMessage: (messageId: MessageId) =>
      db.selectFrom('deliveries').selectAll().where('message_id', '=', messageId).executeTakeFirst(),

    /** The vendor is back: what slept because of it need not sleep on. */
    hurry: (game: string, now: Date) =>
      db
        .updateTable('deliveries')
        .set({ not_before: now.getTime() })
        .where('game', '=', game)
        .where('state', '=', 'waiting')
        .where('problem_code', '=', 'vendor_unreachable')
        .where('not_before', '>', now.getTime())
        .execute(),

    /** Puts a stuck or sleeping delivery back in line at once; one attempt stays counted, so its mark is looked for first. */
    retry: (sequence: number) =>
      db
        .updateTable('deliveries')
        .set({ state: 'waiting', not_before: 0, attempts: 1, failures: 0, problem_code: null })
        .where('sequence', '=', sequence)
        .execute(),

    drop: (sequence: number) => db.deleteFrom('deliveries').where('sequence', '=', sequence).execute(),

    /** Takes out of the outbox what nobody has in hand. @returns whether something is left, on its way just now */
    async callOff(ids: readonly TicketId[], now: Date): Promise<boolean> {
      if (ids.length === 0) return false
      await db
        .deleteFrom('deliveries')
        .where('ticket_id', 'in', ids)
        .where('lease_until', '<=', now.getTime())
        .execute()
      const left = await db.selectFrom('deliveries').select('sequence').where('ticket_id', 'in', ids).executeTakeFirst()
      return left !== undefined
    },

    forget: (ids: readonly TicketId[]) => db.deleteFrom('deliveries').where('ticket_id', 'in', ids).execute(),
  }
}
