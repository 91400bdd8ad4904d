/** Keys that give an anonymous player their history back, each good until what it gave instead has been seen in use. */
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import { insertRows } from './statement.ts'
import type { PlayerKey, RecoveryKeyTable, Tables } from './tables.ts'

export type RecoveryKeyRow = Selectable<RecoveryKeyTable>

/** A player's devices, and answers that were lost on the way to them. */
const mostKeys = 20

export function recoveryKeyRows(db: Kysely<Tables>) {
  return {
    /** One that is known already stays as it is. */
    add: (row: Insertable<RecoveryKeyTable>) => insertRows(db, 'recovery_keys', [row], { orNothing: true }),

    /** With whose it is, unless they have been verified since. */
    find: (game: string, hash: string) =>
      db
        .selectFrom('recovery_keys')
        .innerJoin('players', 'players.player', 'recovery_keys.player')
        .selectAll('recovery_keys')
        .select('players.subject')
        .where('recovery_keys.hash', '=', hash)
        .where('players.game', '=', game)
        .where('players.merged_into', 'is', null)
        .executeTakeFirst(),

    /** The device has what it was given: what it gave for that is good no more. */
    async confirm(by: 'hash' | 'session_id', value: string): Promise<void> {
      await db
        .deleteFrom('recovery_keys')
        .where('hash', 'in', (given) =>
          given
            .selectFrom('recovery_keys as given')
            .select((key) => key.ref('given.replaces').$notNull().as('replaces'))
            .where(`given.${by}`, '=', value)
            .where('given.replaces', 'is not', null),
        )
        .execute()
      await db.updateTable('recovery_keys').set({ replaces: null }).where(by, '=', value).execute()
    },

    /** Of too many, those go that nobody has used, and then the oldest. */
    bound: (player: PlayerKey) =>
      db
        .deleteFrom('recovery_keys')
        .where('player', '=', player)
        .where('hash', 'not in', (kept) =>
          kept
            .selectFrom('recovery_keys as kept')
            .select('kept.hash')
            .where('kept.player', '=', player)
            .orderBy(sql`case when kept.replaces is null then 0 else 1 end`)
            .orderBy('kept.given_at', 'desc')
            .limit(mostKeys),
        )
        .execute(),

    /** Whoever signs out of a device cannot be brought back by what lay on it. */
    endSession: (sessionId: string) => db.deleteFrom('recovery_keys').where('session_id', '=', sessionId).execute(),

    /** The one that the player was shown to keep: a further one takes its place. */
    dropKept: (player: PlayerKey) =>
      db.deleteFrom('recovery_keys').where('player', '=', player).where('session_id', 'is', null).execute(),

    forget: (players: readonly PlayerKey[]) => db.deleteFrom('recovery_keys').where('player', 'in', players).execute(),

    /** Of players who are gone. */
    sweep: (players: readonly PlayerKey[]) =>
      db
        .deleteFrom('recovery_keys')
        .where('player', 'in', players)
        .where((key) =>
          key.not(
            key.exists(
              key
                .selectFrom('players')
                .select('players.player')
                .whereRef('players.player', '=', 'recovery_keys.player'),
            ),
          ),
        )
        .execute(),
  }
}
