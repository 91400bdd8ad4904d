/** One door to two engines: SQLite inside the relay by default, PostgreSQL for several relays on one ledger. */
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { isPostgres } from './engine.ts'
import { migrations } from './migrations.ts'
import { createPostgresDialect } from './postgres.ts'
import { createSqliteDialect } from './sqlite.ts'
import type { Tables } from './tables.ts'
import { StoreUnavailable } from './trouble.ts'

export type Engine = 'sqlite' | 'postgres'

export interface Database {
  engine: Engine
  db: Kysely<Tables>
  close: () => Promise<void>
}

/**
 * Opens the ledger and brings its tables up to date.
 *
 * @param url `sqlite:path` or `postgres://…`.
 * @throws StoreUnavailable when it cannot be opened or migrated.
 */
export async function openDatabase(url: string): Promise<Database> {
  const engine: Engine = isPostgres(url) ? 'postgres' : 'sqlite'
  try {
    const db = engine === 'postgres' ? await openPostgres(url) : await openSqlite(url.slice('sqlite:'.length))
    return { engine, db, close: () => db.destroy() }
  } catch (cause) {
    throw new StoreUnavailable('the ledger could not be opened', { cause })
  }
}

async function openSqlite(path: string): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: createSqliteDialect(path) })
  try {
    await migrate(db, 'sqlite')
    return db
  } catch (cause) {
    await db.destroy().catch(() => undefined)
    throw cause
  }
}

/** The tables are changed on a connection of its own, on which that may take its time. */
async function openPostgres(url: string): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: createPostgresDialect(url, { isForMigrations: true }) })
  try {
    await migrate(db, 'postgres')
  } finally {
    await db.destroy().catch(() => undefined)
  }
  return new Kysely<Tables>({ dialect: createPostgresDialect(url) })
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations(engine)) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) throw error
}

/** True when the ledger takes something in: one that only answers, on a full disk or a standby, is of no use to a player. */
export async function isWritable({ db }: Database): Promise<boolean> {
  try {
    // Another value each time, so that something has to be written.
    await db
      .insertInto('readiness')
      .values({ id: 1, looks: 1 })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ looks: sql<number>`readiness.looks + 1` }))
      .execute()
    return true
  } catch {
    return false
  }
}
