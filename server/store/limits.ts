/** Counts of who did how much, where several relays count together. */
import { type Kysely, sql } from 'kysely'
import { sweepBefore } from './sweep.ts'
import type { Tables } from './tables.ts'

export interface Counted {
  /** In the window, those just added included. */
  count: number
  endsInMs: number
}

export function limitRows(db: Kysely<Tables>) {
  return {
    /** Adds `by` under a key in one statement; a window that is over begins anew. */
    async count(key: string, windowMs: number, by: number, now: Date): Promise<Counted> {
      const time = now.getTime()
      const row = await db
        .insertInto('limits')
        .values({ key, count: by, ends_at: time + windowMs })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet({
            count: sql<number>`case when limits.ends_at <= ${time} then excluded.count else limits.count + excluded.count end`,
            ends_at: sql<number>`case when limits.ends_at <= ${time} then excluded.ends_at else limits.ends_at end`,
          }),
        )
        .returning(['count', 'ends_at'])
        .executeTakeFirstOrThrow()
      return { count: row.count, endsInMs: row.ends_at - time }
    },

    sweep: (now: Date) => sweepBefore(db, 'limits', 'ends_at', now.getTime()),
  }
}
