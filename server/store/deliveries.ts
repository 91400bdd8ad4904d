/** The outbox: what is promised to players and not yet at the vendor. Its times are all by the ledger's own clock. */
import {
  type ExpressionBuilder,
  type Insertable,
  type Kysely,
  type RawBuilder,
  type Selectable,
  sql,
  type Updateable,
} from 'kysely'
import type { MessageId, TicketId } from '../contract/ids.ts'
import type { Engine } from './engine.ts'
import type { LedgerNow } from './ledger-clock.ts'
import { insertRows, run } from './statement.ts'
import type { DeliveryTable, PlayerKey, Tables } from './tables.ts'

export type DeliveryRow = Selectable<DeliveryTable>
export type NewDelivery = Insertable<DeliveryTable>

/** A row as it was claimed, with the time by the ledger's clock at which it was. */
export type ClaimedDelivery = DeliveryRow & { claimed_at: number }

/** `fresh`: never failed. `retry`: failed before. `probe`: whatever has failed least, to see whether a vendor is back. */
export type ClaimKind = 'fresh' | 'retry' | 'probe'

export interface Claim {
  game: string
  owner: string
  /** How long until another relay may take the work over. */
  leaseMs: number
  kind: ClaimKind
  limit: number
  /** What this relay has in hand: not taken twice, whatever the clocks say of its leases. */
  except: readonly number[]
}

/** How many wait, how many are parked, and since when the oldest waits, in one game. */
export interface OutboxCount {
  game: string
  state: DeliveryTable['state']
  count: number
  oldest: number
}

type Due = ExpressionBuilder<Tables & { due: DeliveryTable; earlier: DeliveryTable }, 'due'>

export function deliveryRows(db: Kysely<Tables>, engine: Engine, now: LedgerNow) {
  const later = (ms: number): RawBuilder<number> => sql<number>`${now()} + cast(${Math.ceil(ms)} as bigint)`

  /** Literals, because an index over a part of the table serves only a query that is seen to keep to that part. */
  const isOfKind = (due: Due, kind: ClaimKind) =>
    kind === 'probe'
      ? due('due.failures', '>=', sql.lit(0))
      : due('due.failures', kind === 'fresh' ? '=' : '>', sql.lit(0))

  /** Only ever the oldest waiting one of a ticket, so that each ticket's order holds while the others go on. */
  const isNextOfTicket = (due: Due) =>
    due.not(
      due.exists(
        due
          .selectFrom('deliveries as earlier')
          .select('earlier.sequence')
          .whereRef('earlier.ticket_id', '=', 'due.ticket_id')
          .where('earlier.state', '=', sql.lit('waiting'))
          .whereRef('earlier.sequence', '<', 'due.sequence'),
      ),
    )

  return {
    add: (row: NewDelivery) => insertRows(db, 'deliveries', [row]),

    /** Leases due deliveries of a game and counts the attempt, before it is made. Fresh ones come oldest first. */
    claim: ({ game, owner, leaseMs, kind, limit, except }: Claim): Promise<ClaimedDelivery[]> =>
      db
        .updateTable('deliveries')
        .set((set) => ({
          lease_owner: owner,
          lease_until: later(leaseMs),
          attempts: set('attempts', '+', 1),
          // Whoever held a lease that ran out may have been writing until now: the vendor's time begins only here.
          unsure_since: set.case().when('writing', '=', 1).then(now()).else(set.ref('unsure_since')).end(),
          writing: 0,
        }))
        .where('sequence', 'in', (query) =>
          query
            .selectFrom('deliveries as due')
            .select('due.sequence')
            .where('due.state', '=', sql.lit('waiting'))
            .where('due.game', '=', game)
            .where((due) => isOfKind(due as unknown as Due, kind))
            .where('due.not_before', '<=', now())
            // One that ends later than any can was given before the ledger's clock was set back.
            .where((due) =>
              due.or([due('due.lease_until', '<=', now()), due('due.lease_until', '>', later(leaseMs + 1_000))]),
            )
            .$if(except.length > 0, (rows) => rows.where('due.sequence', 'not in', except))
            .where((due) => isNextOfTicket(due as unknown as Due))
            .$if(kind === 'fresh', (rows) => rows.orderBy('due.sequence'))
            .$if(kind === 'retry', (rows) => rows.orderBy('due.not_before'))
            .$if(kind === 'probe', (rows) => rows.orderBy('due.failures').orderBy('due.sequence'))
            .limit(limit)
            .$if(engine === 'postgres', (rows) => rows.modifyEnd(sql`for update skip locked`)),
        )
        .returningAll()
        .returning(now().as('claimed_at'))
        .execute(),

    /** Games with something that waits, due or not: one step through the index for each, however much there is. */
    async waitingGames(): Promise<string[]> {
      const { rows } = await sql<{ game: string }>`
        with recursive waiting (game) as (
          select min(game) from deliveries where state = 'waiting'
          union all
          select (select min(game) from deliveries where state = 'waiting' and game > waiting.game)
            from waiting where waiting.game is not null
        ) select game from waiting where game is not null`.execute(db)
      return rows.map(({ game }) => game)
    },

    /** Keeps a lease. False where another relay has taken the work over. */
    renew: (sequence: number, owner: string, leaseMs: number) =>
      changedOne(held(db, sequence, owner).set({ lease_until: later(leaseMs) })),

    /**
     * Right before words go to the vendor: keeps the lease, and writes down that from now on they may have arrived. False
     * where another relay has taken the work over, so that nothing may be sent.
     */
    beginWrite: (sequence: number, owner: string, leaseMs: number) =>
      changedOne(
        held(db, sequence, owner).set((set) => ({
          lease_until: later(leaseMs),
          // An attempt before this one may have been carried out all the same, only nobody has seen it.
          resent: set.case().when('unsure_since', 'is not', null).then(1).else(set.ref('resent')).end(),
          unsure_since: now(),
          writing: 1,
          looks: 0,
        })),
      ),

    /** Changes a delivery only while this owner still holds it, so that a relay that lost its lease changes nothing. */
    change: (sequence: number, owner: string, change: Updateable<DeliveryTable>) =>
      changedOne(held(db, sequence, owner).set(change)),

    /** Gives a delivery back, to be claimed again after so long. */
    giveBack: (sequence: number, owner: string, waitMs: number, change: Updateable<DeliveryTable> = {}) =>
      changedOne(
        held(db, sequence, owner).set({
          ...change,
          writing: 0,
          not_before: later(waitMs),
          lease_owner: null,
          lease_until: 0,
        }),
      ),

    /** Like {@link giveBack}, after an attempt whose end is unknown: from now on the vendor has time to show it. */
    giveBackUnsure: (sequence: number, owner: string, waitMs: number, change: Updateable<DeliveryTable>) =>
      changedOne(
        held(db, sequence, owner).set({
          ...change,
          unsure_since: now(),
          writing: 0,
          looks: 0,
          not_before: later(waitMs),
          lease_owner: null,
          lease_until: 0,
        }),
      ),

    /**
     * Takes a delivery out of the line until somebody sends it again.
     *
     * @param mayHaveArrived - false where the last attempt surely came to nothing; undefined where it sent nothing
     */
    park: (
      sequence: number,
      owner: string,
      problem_code: NonNullable<DeliveryTable['problem_code']>,
      mayHaveArrived: boolean | undefined,
    ) =>
      changedOne(
        held(db, sequence, owner).set((set) => ({
          state: 'stuck',
          problem_code,
          lease_owner: null,
          lease_until: 0,
          writing: 0,
          unsure_since: mayHaveArrived === undefined ? set.ref('unsure_since') : mayHaveArrived ? now() : null,
          looks: mayHaveArrived === undefined ? set.ref('looks') : 0,
        })),
      ),

    /** It has arrived: whoever holds the lease. False where another relay has written that down already. */
    async done(sequence: number): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('deliveries').where('sequence', '=', sequence).executeTakeFirst()
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

    /** In the order in which they were put out; `after` is the last one seen. */
    list: (limit: number, { after = 0, state }: { after?: number; state?: DeliveryTable['state'] } = {}) =>
      db
        .selectFrom('deliveries')
        .selectAll()
        .where('sequence', '>', after)
        .$if(state !== undefined, (rows) => rows.where('state', '=', state ?? 'stuck'))
        .orderBy('sequence')
        .limit(limit)
        .execute(),

    async counts(): Promise<OutboxCount[]> {
      const rows = await db
        .selectFrom('deliveries')
        .select(['game', 'state'])
        .select(({ fn }) => [fn.countAll<number>().as('count'), fn.min('created_at').as('oldest')])
        .groupBy(['game', 'state'])
        .execute()
      return rows.map((row) => ({ ...row, count: Number(row.count), oldest: Number(row.oldest) }))
    },

    find: (sequence: number) =>
      db.selectFrom('deliveries').selectAll().where('sequence', '=', sequence).executeTakeFirst(),

    /** What it waited for is there. */
    hasten: (messageId: MessageId) =>
      db
        .updateTable('deliveries')
        .set({ not_before: 0 })
        .where('message_id', '=', messageId)
        .where('state', '=', 'waiting')
        .where('attempts', '=', 0)
        .execute(),

    findByMessage: (messageId: MessageId) =>
      db.selectFrom('deliveries').selectAll().where('message_id', '=', messageId).executeTakeFirst(),

    /** A ticket's first message, while it waits to reach the vendor. */
    async opening(ticketId: TicketId) {
      const [row] = await run(db, 'opening', [ticketId], () =>
        db
          .selectFrom('deliveries')
          .select('player')
          .where('ticket_id', '=', ticketId)
          .where('operation', '=', sql.lit('open'))
          .where('state', '=', sql.lit('waiting')),
      )
      return row
    },

    /** The vendor is back: what slept because of it need not sleep on. What it chokes on by itself goes on sleeping. */
    hurry: (game: string) =>
      db
        .updateTable('deliveries')
        .set({ not_before: 0 })
        .where('game', '=', game)
        .where('state', '=', sql.lit('waiting'))
        .where('failures', '>', sql.lit(0))
        .where('choked', '=', 0)
        .where('problem_code', '=', 'vendor_unreachable')
        .where('not_before', '>', now())
        .execute(),

    /** Puts a stuck or sleeping delivery that carries no message back in line at once. */
    retry: (sequence: number) => db.updateTable('deliveries').set(atOnce).where('sequence', '=', sequence).execute(),

    drop: (sequence: number) => db.deleteFrom('deliveries').where('sequence', '=', sequence).execute(),

    /** Takes out of the outbox what nobody has in hand, and says whether something is left, on its way just now. */
    async cancelDeliveries(ids: readonly TicketId[]): Promise<{ calledOff: DeliveryRow[]; isOnItsWay: boolean }> {
      if (ids.length === 0) return { calledOff: [], isOnItsWay: false }
      const calledOff = await db
        .deleteFrom('deliveries')
        .where('ticket_id', 'in', ids)
        .where('lease_until', '<=', now())
        .returningAll()
        .execute()
      const left = await db.selectFrom('deliveries').select('sequence').where('ticket_id', 'in', ids).executeTakeFirst()
      return { calledOff, isOnItsWay: left !== undefined }
    },

    forget: (ids: readonly TicketId[]) => db.deleteFrom('deliveries').where('ticket_id', 'in', ids).execute(),

    /** Something was taken by the vendor of this game: what fails there again and again does so by itself. */
    noteTaken: (game: string) =>
      db
        .insertInto('vendor_health')
        .values({ game, taken_at: now() })
        .onConflict((conflict) => conflict.column('game').doUpdateSet({ taken_at: now() }))
        .execute(),

    /** When the vendor of this game last took something, and what time it is, both by the ledger's clock. */
    async lastTaken(game: string): Promise<{ taken_at: number | undefined; now: number }> {
      const { rows } = await sql<{ taken_at: number | null; now: number }>`
        select (select taken_at from vendor_health where game = ${game}) as taken_at, ${now()} as now`.execute(db)
      const [row] = rows
      return { taken_at: row?.taken_at == null ? undefined : Number(row.taken_at), now: Number(row?.now) }
    },
  }
}

/** As a delivery is that was never tried: what may have arrived by then is still looked for. */
const atOnce = {
  state: 'waiting',
  failures: 0,
  choked: 0,
  not_before: 0,
  failed_at: null,
  first_failed_at: null,
  problem_code: null,
} as const

function held(db: Kysely<Tables>, sequence: number, owner: string) {
  return db.updateTable('deliveries').where('sequence', '=', sequence).where('lease_owner', '=', owner)
}

async function changedOne(update: { executeTakeFirst: () => Promise<{ numUpdatedRows: bigint } | undefined> }) {
  return (await update.executeTakeFirst())?.numUpdatedRows === 1n
}
