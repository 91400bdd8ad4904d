/**
 * Inserts whose statements are put together once. Opening a ticket makes five of them, and building a statement anew takes
 * longer than running it.
 */
import type { CompiledQuery, Insertable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

const compiled = new WeakMap<object, Map<string, CompiledQuery>>()

/**
 * Inserts rows that all have the same columns.
 *
 * @param orNothing - a row that is there already stays as it is
 * @returns how many were inserted
 */
export async function insertRows<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  rows: readonly Insertable<Tables[T]>[],
  { orNothing = false } = {},
): Promise<number> {
  const [first] = rows
  if (!first) return 0
  const columns = Object.keys(first) as (keyof typeof first)[]
  const name = `${table} ${columns.join()} ${rows.length} ${orNothing}`
  const known = statementsOf(db)
  const statement = known.get(name) ?? compile(db, table, rows, orNothing)
  known.set(name, statement)
  const parameters = rows.flatMap((row) => columns.map((column) => row[column]))
  const { numAffectedRows } = await db.executeQuery({ ...statement, parameters })
  return Number(numAffectedRows ?? 0)
}

function compile<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  rows: readonly Insertable<Tables[T]>[],
  orNothing: boolean,
): CompiledQuery {
  const insert = db.insertInto(table).values(rows)
  return (orNothing ? insert.onConflict((conflict) => conflict.doNothing()) : insert).compile()
}

/** By engine: each writes its placeholders its own way. */
function statementsOf(db: Kysely<Tables>): Map<string, CompiledQuery> {
  const engine = db.getExecutor().adapter.constructor
  const known = compiled.get(engine) ?? new Map<string, CompiledQuery>()
  compiled.set(engine, known)
  return known
}
