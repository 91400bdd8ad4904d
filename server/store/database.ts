/** One door to two engines: SQLite inside the relay by default, PostgreSQL for several relays on one ledger. */
import { setTimeout } from 'node:timers/promises'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Log } from '../runtime/log.ts'
import { keepLedgerToOwner } from '../runtime/owner-only.ts'
import { type Engine, isPostgres } from './engine.ts'
import { StoreUnavailable } from './errors.ts'
import { migrations } from './migrations.ts'
import { createSqlite, isLocked } from './sqlite.ts'
import { askDirectly } from './statement.ts'
import type { Tables } from './tables.ts'

export interface Database {
  engine: Engine
  db: Kysely<Tables>
  /** As the store's. */
  scrub: () => Promise<void>
  close: () => Promise<void>
}

type Opened = Omit<Database, 'engine'>

/** How long a ledger is waited for that others write to. */
const openingMs = 20_000
const lookAgainMs = 100

/**
 * Opens the ledger and brings its tables up to date.
 *
 * @param url `sqlite:path` or `postgres://…`.
 * @param log - is told of what takes long at the start
 * @throws StoreUnavailable when it cannot be opened or migrated.
 */
export async function openDatabase(url: string, log?: Pick<Log, 'info' | 'warn'>): Promise<Database> {
  const engine: Engine = isPostgres(url) ? 'postgres' : 'sqlite'
  try {
    const opened = await (engine === 'postgres'
      ? openPostgres(url)
      : onceUnlocked(() => openSqlite(url.slice('sqlite:'.length), log)))
    return { engine, ...opened }
  } catch (cause) {
    throw new StoreUnavailable('the ledger could not be opened', { cause })
  }
}

/** A relay that is busy beside an operator's command may leave it no gap for longer than requests would wait. */
async function onceUnlocked(open: () => Promise<Opened>): Promise<Opened> {
  const giveUpAtMs = performance.now() + openingMs
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!isLocked(error) || performance.now() > giveUpAtMs) throw error
      await setTimeout(lookAgainMs)
    }
  }
}

async function openSqlite(path: string, log?: Pick<Log, 'info' | 'warn'>): Promise<Opened> {
  keepLedgerToOwner(path, log)
  const { dialect, ask, scrub } = createSqlite(path)
  const db = new Kysely<Tables>({ dialect })
  askDirectly(db, ask)
  try {
    await migrate(db, 'sqlite')
    await scrubOld(db, scrub, log)
    return { db, scrub, close: () => db.destroy() }
  } catch (cause) {
    await db.destroy().catch(() => undefined)
    throw cause
  }
}

/** Once, for a ledger from before deleted rows were overwritten. Without room for a second one it waits for the next start. */
async function scrubOld(db: Kysely<Tables>, scrub: Opened['scrub'], log?: Pick<Log, 'info' | 'warn'>): Promise<void> {
  const isOld = await db.selectFrom('ledger_facts').select('name').where('name', '=', 'unscrubbed').executeTakeFirst()
  if (!isOld) return
  log?.info('the ledger is written anew, once, so that nothing is left in it of what was deleted')
  const beganAtMs = performance.now()
  try {
    await scrub()
    await db.deleteFrom('ledger_facts').where('name', '=', 'unscrubbed').execute()
    log?.info({ ms: Math.round(performance.now() - beganAtMs) }, 'the ledger was written anew')
  } catch (error) {
    log?.warn({ err: error }, 'the ledger could not be written anew; the next start tries again')
  }
}

/** The tables are changed on a connection of its own, on which that may take its time. */
async function openPostgres(url: string): Promise<Opened> {
  const { createPostgresDialect } = await import('./postgres.ts')
  const { createVacuum } = await import('./postgres-vacuum.ts')
  const patient = () => new Kysely<Tables>({ dialect: createPostgresDialect(url, { isForMigrations: true }) })
  const migrating = patient()
  try {
    await migrate(migrating, 'postgres')
  } finally {
    await migrating.destroy().catch(() => undefined)
  }
  const db = new Kysely<Tables>({ dialect: createPostgresDialect(url) })
  const vacuum = createVacuum(patient)
  return {
    db,
    scrub: async () => vacuum.ask(),
    close: async () => {
      await vacuum.close()
      await db.destroy()
    },
  }
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations(engine)) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) throw error
}

/** True when the ledger takes something in: one that only answers, on a full disk or a standby, is of no use to a player. */
export async function isWritable({ db }: Pick<Database, 'db'>): Promise<boolean> {
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
