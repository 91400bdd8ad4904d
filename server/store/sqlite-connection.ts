/** One connection to a SQLite ledger, with its settings and the statements it keeps prepared. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import type { CompiledQuery, QueryResult } from 'kysely'

export type Connection = ReturnType<typeof openConnection>

/** More statements than the relay has; a bound all the same, because lists make statements of many lengths. */
const keptStatements = 500

interface Prepared {
  statement: StatementSync
  /** None of a statement that only changes something. */
  columns: readonly string[]
}

function openSqlite(path: string): DatabaseSync {
  const sqlite = new DatabaseSync(path)
  // Short, because the whole relay stands still in it; who writes waits for others' locks without, see `join`.
  sqlite.exec('pragma busy_timeout = 50; pragma journal_mode = wal')
  // FULL: a commit is on the disk before the player hears 201.
  sqlite.exec('pragma synchronous = full')
  // What a savepoint may have to undo is kept in memory: in a file, it was more to write than the commit itself.
  sqlite.exec('pragma temp_store = memory')
  // What is deleted is overwritten where it lies; `scrub` sees to what pages keep of rows that have moved on.
  sqlite.exec('pragma secure_delete = on')
  // Players come in no order, so a ticket touches pages all over: 32 MB of them are held, and 16 MB are gathered in the log
  // before they are brought home.
  sqlite.exec('pragma cache_size = -32000; pragma wal_autocheckpoint = 4000')
  return sqlite
}

export function openConnection(path: string) {
  const sqlite = openSqlite(path)
  const statements = new Map<string, Prepared>()

  function prepare(text: string): Prepared {
    const known = statements.get(text)
    if (known) return known
    if (statements.size >= keptStatements) statements.clear()
    const statement = sqlite.prepare(text)
    const columns = statement.columns().map(({ name }) => name)
    const prepared = { statement, columns }
    statement.setReturnArrays(prepared.columns.length > 0)
    statements.set(text, prepared)
    return prepared
  }

  return {
    exec: (text: string) => prepare(text).statement.run(),
    ask: <R>(text: string): { rows: R[] } => ({ rows: rowsOf<R>(prepare(text), []) }),
    read: (text: string, values: readonly unknown[]) => rowsOf(prepare(text), values as SQLInputValue[]),
    close: () => sqlite.close(),
    isInTransaction: () => sqlite.isTransaction,
    run: <R>({ sql, parameters }: CompiledQuery): QueryResult<R> => {
      const prepared = prepare(sql)
      const values = parameters as SQLInputValue[]
      if (prepared.columns.length > 0) return { rows: rowsOf<R>(prepared, values) }
      const { changes, lastInsertRowid } = prepared.statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    },
  }
}

/** As objects of ours: those that `node:sqlite` makes have no shape, and reading one takes longer than making it. */
function rowsOf<R>({ statement, columns }: Prepared, values: readonly SQLInputValue[]): R[] {
  const rows = statement.all(...values) as unknown as SQLOutputValue[][]
  return rows.map((cells) => {
    const row: Record<string, SQLOutputValue | undefined> = {}
    columns.forEach((column, index) => {
      row[column] = cells[index]
    })
    return row as R
  })
}
