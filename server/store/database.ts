/** One door to two engines: SQLite inside the relay by default, PostgreSQL for several relays on one ledger. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { type Dialect, Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { migrations } from './migrations.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

export interface Database {
  engine: Engine
  db: Kysely<Tables>
  close: () => Promise<void>
}

/** The ledger could not be read or written. Nothing was half-written; the same call may work in a moment. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/**
 * Opens the ledger and brings its tables up to date.
 *
 * @param url `sqlite:path` (`sqlite::memory:` for a store that lives as long as the process) or `postgres://…`.
 * @throws StoreUnavailable when it cannot be opened or migrated.
 */
export async function openDatabase(url: string): Promise<Database> {
  const engine: Engine = url.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  const db = new Kysely<Tables>({ dialect: engine === 'sqlite' ? sqliteDialect(url) : postgresDialect(url) })
  try {
    await migrate(db, engine)
  } catch (cause) {
    await db.destroy().catch(() => undefined)
    throw new StoreUnavailable('the ledger could not be opened', { cause })
  }
  return { engine, db, close: () => db.destroy() }
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations(engine)) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) throw error
}

function sqliteDialect(url: string): Dialect {
  const path = url.slice('sqlite:'.length)
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const sqlite = new DatabaseSync(path)
  // FULL: a commit is on the disk before the player hears 201. The timeout lets the operator's commands write as well.
  sqlite.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000;')
  return new SqliteDialect({ database: asKyselyExpects(sqlite) })
}

/** The few methods Kysely wants of a SQLite driver, over `node:sqlite`, with each statement prepared once. */
function asKyselyExpects(sqlite: DatabaseSync) {
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  const prepare = (text: string) => {
    // A deferred transaction that turns into a writer cannot wait for another writer; an immediate one can.
    const statement = sqlite.prepare(text === 'begin' ? 'begin immediate' : text)
    return {
      reader: statement.columns().length > 0,
      all: (values: readonly unknown[]) => statement.all(...(values as SQLInputValue[])),
      run: (values: readonly unknown[]) => statement.run(...(values as SQLInputValue[])),
      iterate: (values: readonly unknown[]) => statement.iterate(...(values as SQLInputValue[])),
    }
  }
  return {
    close: () => sqlite.close(),
    prepare: (text: string) => {
      const known = prepared.get(text)
      if (known) return known
      if (prepared.size >= 500) prepared.clear()
      const statement = prepare(text)
      prepared.set(text, statement)
      return statement
    },
  }
}

function postgresDialect(url: string): Dialect {
  // Every bigint of ours is a time or a sequence and fits a double; pg would hand out strings.
  const types = { getTypeParser: getTypeParser }
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, types })
  // An idle connection that dies is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  return new PostgresDialect({ pool })
}

function getTypeParser(id: number, format?: 'text' | 'binary') {
  if (id === pg.types.builtins.INT8) return (value: string) => Number(value)
  return pg.types.getTypeParser(id, format)
}

/** True when the ledger answers. */
export async function isUsable(database: Database): Promise<boolean> {
  try {
    await sql`select 1`.execute(database.db)
    return true
  } catch {
    return false
  }
}
