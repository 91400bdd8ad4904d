/**
 * Statements that are put together once and run with other values from then on: those of every request, whose building
 * takes longer than their running.
 */
import { type Compilable, type CompiledQuery, type Insertable, type Kysely, SelectQueryNode } from 'kysely'
import type { Tables } from './tables.ts'

interface Known<Row> {
  query: CompiledQuery<Row>
  /** Of an insert: in the order in which their values stand in it. */
  columns: readonly string[]
}

/** Runs a question at once. What is read of a file beside the process waits for nothing. */
export type Ask = (sql: string, values: readonly unknown[]) => unknown[]

const asks = new WeakMap<Kysely<Tables>, Ask>()

/** From now on {@link run} asks this way whatever only reads, outside of transactions. */
export function askDirectly(db: Kysely<Tables>, ask: Ask): void {
  asks.set(db, ask)
}

const known = new WeakMap<object, Map<string, Known<unknown>>>()

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
  const { query } = knownAs(db, name, () => ({ query: build().compile(), columns: [] }))
  const ask = SelectQueryNode.is(query.query) ? asks.get(db) : undefined
  if (ask) return ask(query.sql, values) as Row[]
  const { rows } = await db.executeQuery<Row>({ ...query, parameters: values })
  return rows
}

/**
 * Runs the statement of that name over a list. The list is filled up with its last member to a power of two, so that few
 * lengths are ever put together: where a member stands twice must make no difference.
 *
 * @param build - is given as many members as stand in the statement
 * @param valuesOf - those of one member, in their order
 */
export async function runOver<Item, Row>(
  db: Kysely<Tables>,
  name: string,
  items: readonly Item[],
  valuesOf: (item: Item) => readonly unknown[],
  build: (items: readonly Item[]) => Compilable<Row>,
): Promise<Row[]> {
  const last = items.at(-1)
  if (last === undefined) return []
  const length = 2 ** Math.ceil(Math.log2(items.length))
  const filled = [...items, ...Array<Item>(length - items.length).fill(last)]
  return run(db, `${name} ${length}`, filled.flatMap(valuesOf), () => build(filled))
}

/**
 * Inserts rows, most quickly those that have the same columns as the ones before.
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
  const names = Object.keys(first)
  // Not named by all its columns: putting that name together would cost as much as the insert.
  const compile = () => {
    const insert = db.insertInto(table).values(rows)
    return (orNothing ? insert.onConflict((conflict) => conflict.doNothing()) : insert).compile()
  }
  const name = `${table} ${names.length} ${rows.length} ${orNothing}`
  const { query, columns } = knownAs(db, name, () => ({ query: compile(), columns: names }))
  const parameters = rows.flatMap((row: Record<string, unknown>) => columns.map((column) => row[column]))
  // Of other columns, if as many: its values would end up in the wrong places.
  const isOther = parameters.includes(undefined)
  const { numAffectedRows } = await db.executeQuery(isOther ? compile() : { ...query, parameters })
  return Number(numAffectedRows ?? 0)
}

/** By engine: each writes its placeholders its own way. */
function knownAs<Row>(db: Kysely<Tables>, name: string, make: () => Known<Row>): Known<Row> {
  const engine = db.getExecutor().adapter.constructor
  const ofEngine = known.get(engine) ?? new Map<string, Known<unknown>>()
  known.set(engine, ofEngine)
  const statement = ofEngine.get(name) ?? make()
  ofEngine.set(name, statement)
  return statement as Known<Row>
}
