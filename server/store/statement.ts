/**
 * Statements that are put together once and run with other values from then on: those of every request, whose building
 * takes longer than their running.
 */
import type { Compilable, CompiledQuery, Insertable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'

const compiled = new WeakMap<object, Map<string, CompiledQuery>>()

/**
 * Runs the statement of that name.
 *
 * @param build - makes it the first time; nothing but the values may differ from one time to the next
 * @param values - those that stand in it, in their order
 */
export async function run<Row>(
  db: Kysely<Tables>,
  name: string,
  values: readonly unknown[],
  build: () => Compilable<Row>,
): Promise<Row[]> {
  const { rows } = await db.executeQuery<Row>({ ...statementOf<Row>(db, name, build), parameters: values })
  return rows
}

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
  const statement = statementOf(db, `${table} ${columns.join()} ${rows.length} ${orNothing}`, () => {
    const insert = db.insertInto(table).values(rows)
    return orNothing ? insert.onConflict((conflict) => conflict.doNothing()) : insert
  })
  const parameters = rows.flatMap((row) => columns.map((column) => row[column]))
  const { numAffectedRows } = await db.executeQuery({ ...statement, parameters })
  return Number(numAffectedRows ?? 0)
}

/** By engine: each writes its placeholders its own way. */
function statementOf<Row>(db: Kysely<Tables>, name: string, build: () => Compilable<Row>): CompiledQuery<Row> {
  const engine = db.getExecutor().adapter.constructor
  const known = compiled.get(engine) ?? new Map<string, CompiledQuery>()
  compiled.set(engine, known)
  const statement = known.get(name) ?? build().compile()
  known.set(name, statement)
  return statement as CompiledQuery<Row>
}
