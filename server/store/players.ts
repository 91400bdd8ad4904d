/** Players the ledger knows: only those who have written something. */
import { hash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { run, runOver } from './statement.ts'
import { sweepBefore } from './sweep.ts'
import type { PlayerKey, PlayerTable, Tables } from './tables.ts'

/** The key under which everything of a player is kept: 32 hex digits over game and subject. */
export function playerKey(game: string, subject: string): PlayerKey {
  return hash('sha256', `${game}\0${subject}`, 'hex').slice(0, 32) as PlayerKey
}

export function playerRows(db: Kysely<Tables>) {
  return {
    async find(player: PlayerKey): Promise<PlayerTable | undefined> {
      const [row] = await run(db, 'player', [player], () =>
        db.selectFrom('players').selectAll().where('player', '=', player),
      )
      return row
    },

    findAll: (players: readonly PlayerKey[]) =>
      players.length === 0
        ? Promise.resolve([])
        : db.selectFrom('players').selectAll().where('player', 'in', players).execute(),

    /** A player and whoever they were before they were verified. */
    selvesOf: (player: PlayerKey) =>
      db
        .selectFrom('players')
        .selectAll()
        .where((where) => where.or([where('player', '=', player), where('merged_into', '=', player)]))
        .orderBy('created_at')
        .execute(),

    /** Notes that they were seen, but for those of whom that is noted since `noted`: reading is no writing. */
    see: (players: readonly PlayerKey[], now: Date, noted = now) =>
      db
        .updateTable('players')
        .set({ seen_at: now.getTime() })
        .where('player', 'in', players)
        .where('seen_at', '<', noted.getTime())
        .execute(),

    /** Remembers a player, or what is newly known of one. The pseudonym of the first time stays. */
    remember: (row: PlayerTable) =>
      db
        .insertInto('players')
        .values(row)
        .onConflict((conflict) =>
          conflict.column('player').doUpdateSet({
            name: row.name,
            email: row.email,
            locale: row.locale,
            signed: row.signed,
            seen_at: row.seen_at,
          }),
        )
        .execute(),

    /** What the ledger has to say of a session, in one read, because every request asks. */
    async ofSession(player: PlayerKey, sessionId: string) {
      const [row] = await run(db, 'session', [sessionId, sessionId, player], () =>
        db
          .selectFrom(db.selectNoFrom((one) => one.lit(1).as('one')).as('asked'))
          .leftJoin('players', (join) => join.on('players.player', '=', player))
          .select(['players.player', 'players.email', 'players.merged_into'])
          .select((query) =>
            query
              .exists(
                query
                  .selectFrom('recovery_keys')
                  .select('hash')
                  .where('session_id', '=', sessionId)
                  .where('replaces', 'is not', null),
              )
              .as('has_new_key'),
          )
          .select((query) =>
            query
              .exists(query.selectFrom('ended_sessions').select('session_id').where('session_id', '=', sessionId))
              .as('has_ended'),
          ),
      )
      return {
        isRemembered: row?.player != null,
        email: row?.email ?? undefined,
        isMerged: row?.merged_into != null,
        hasEnded: Boolean(row?.has_ended),
        hasNewKey: Boolean(row?.has_new_key),
      }
    },

    /** Marks an anonymous player as merged; only the first caller gets true. */
    async mergeInto(anonymous: PlayerKey, verified: PlayerKey, now: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('players')
        // As long as a token of theirs may be about, it is refused by this row.
        .set({ merged_into: verified, seen_at: now.getTime() })
        .where('player', '=', anonymous)
        .where('merged_into', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    /** Drops what is said of a player of whom no ticket holds any text; what the vendor knows them by stays. */
    hush: (player: PlayerKey, signed: string) =>
      db
        .updateTable('players')
        .set({ name: null, locale: null, signed })
        .where('player', '=', player)
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('tickets')
                .select('tickets.id')
                .whereRef('tickets.player', '=', 'players.player')
                .where('tickets.emptied', '=', 0),
            ),
          ),
        )
        .execute(),

    /** With whoever they were before they were verified. */
    forget: (player: PlayerKey) =>
      db
        .deleteFrom('players')
        .where((where) => where.or([where('player', '=', player), where('merged_into', '=', player)]))
        .execute(),

    endSession: (sessionId: string, expiresAt: Date) =>
      db
        .insertInto('ended_sessions')
        .values({ session_id: sessionId, expires_at: expiresAt.getTime() })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),

    /** Of these sessions, the ids of those that were signed out or whose player was merged. */
    async overAmong(sessions: readonly { player: PlayerKey; sessionId: string }[]): Promise<Set<string>> {
      const ended = await runOver(
        db,
        'sessions ended among',
        sessions,
        ({ sessionId }) => [sessionId],
        (filled) =>
          db
            .selectFrom('ended_sessions')
            .select('session_id')
            .where(
              'session_id',
              'in',
              filled.map(({ sessionId }) => sessionId),
            ),
      )
      const merged = await runOver(
        db,
        'players merged among',
        sessions,
        ({ player }) => [player],
        (filled) =>
          db
            .selectFrom('players')
            .select('player')
            .where(
              'player',
              'in',
              filled.map(({ player }) => player),
            )
            .where('merged_into', 'is not', null),
      )
      const gone = new Set(merged.map(({ player }) => player))
      const ofGone = sessions.filter(({ player }) => gone.has(player)).map(({ sessionId }) => sessionId)
      return new Set([...ended.map(({ session_id }) => session_id), ...ofGone])
    },

    async sessionHasEnded(sessionId: string): Promise<boolean> {
      const rows = await run(db, 'ended session', [sessionId], () =>
        db.selectFrom('ended_sessions').select('session_id').where('session_id', '=', sessionId),
      )
      return rows.length > 0
    },

    sweepSessions: (now: Date) => sweepBefore(db, 'ended_sessions', 'expires_at', now.getTime()),
  }
}
