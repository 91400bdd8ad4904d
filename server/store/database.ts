/** One door to two engines: SQLite inside the relay by default, PostgreSQL for several relays on one ledger. */
import { type Dialect, Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { migrations } from './migrations.ts'
import { createSqliteDialect } from './sqlite.ts'
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
 * @param url `sqlite:path` or `postgres://…`.
 * @throws StoreUnavailable when it cannot be opened or migrated.
 */
export async function openDatabase(url: string): Promise<Database> {
  const engine: Engine = url.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  const db = new Kysely<Tables>({
    dialect: engine === 'sqlite' ? createSqliteDialect(url.slice('sqlite:'.length)) : postgresDialect(url),
  })
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

function postgresDialect(url: string): Dialect {
  // Every bigint of ours is a time or a sequence and fits a double; pg would hand out strings.
  const types = { getTypeParser: getTypeParser }
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, types })
  // A connection that dies fails its query and is replaced by the pool; an error without a listener would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
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
