/** Sweeping in batches: a statement that deletes for seconds holds back everybody who writes meanwhile. */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

const batchSize = 1_000
/** Of one sweep; what is left is swept by the next. */
const mostBatches = 200

/**
 * Deletes batch after batch, and lets others have their turn in between.
 *
 * @param deleteSome - deletes so many at the most. @returns whether there may be more
 */
export async function inBatches(deleteSome: (size: number) => Promise<boolean>): Promise<void> {
  for (let batch = 0; batch < mostBatches && (await deleteSome(batchSize)); batch++)
    await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Deletes rows whose time is past.
 *
 * @param column - a time in milliseconds that has an index
 * @returns whether there were any
 */
export async function sweepBefore(
  db: Kysely<Tables>,
  table: keyof Tables,
  column: string,
  before: number,
): Promise<boolean> {
  const [rows, time] = [sql.table(table), sql.ref(column)]
  let wereAny = false
  await inBatches(async (size) => {
    const { rows: found } = await sql<{ last: number }>`
      select ${time} as last from ${rows} where ${time} < ${before} order by ${time} limit 1 offset ${size - 1}`.execute(
      db,
    )
    const [full] = found
    // Those of the same millisecond go with it.
    const past = full === undefined ? sql`${time} < ${before}` : sql`${time} <= ${full.last}`
    const { numAffectedRows } = await sql`delete from ${rows} where ${past}`.execute(db)
    wereAny ||= Number(numAffectedRows ?? 0) > 0
    return full !== undefined
  })
  return wereAny
}
