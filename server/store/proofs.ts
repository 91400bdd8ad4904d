/** Proofs of work that were used, until they would have expired anyway. */
import type { Kysely } from 'kysely'
import { insertRows } from './statement.ts'
import { sweepBefore } from './sweep.ts'
import type { SpentProofTable, Tables } from './tables.ts'

export function proofRows(db: Kysely<Tables>) {
  return {
    /** False when it was spent before, unless for the very same request. */
    async spend(row: SpentProofTable): Promise<boolean> {
      if ((await insertRows(db, 'spent_proofs', [row], { orNothing: true })) === 1) return true
      const spent = await db
        .selectFrom('spent_proofs')
        .select('used_for')
        .where('challenge', '=', row.challenge)
        .executeTakeFirst()
      return spent?.used_for === row.used_for
    },

    sweep: (now: Date) => sweepBefore(db, 'spent_proofs', 'expires_at', now.getTime()),
  }
}
