/** The ledger of a history: the relay's own SQLite, which says when it has come to rest and can be emptied for the next. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type DatabaseConnection, type Dialect, type Driver, Kysely } from 'kysely'
import { createFiles, type Files } from '../../server/files/files.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { createSqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import type { Tables } from '../../server/store/tables.ts'
import type { Process } from './process.ts'

export interface SimulatedLedger {
  database: Database
  /** Resolves when nothing waits for the ledger any more and all code that it has answered has come to rest. */
  settle: () => Promise<void>
  /** Empties every table. Nothing may be under way. */
  wipe: () => void
  /** Where attachments would lie; there are none. */
  files: Files
  /** All that stands in it, as text. */
  dump: () => string
  /** What stands in it, read past everybody. */
  look: <Row>(sql: string, read: (row: Record<string, unknown>) => Row) => Row[]
  close: () => Promise<void>
}

/** In memory where the system has such a folder: nothing here is meant to outlive the process. */
async function createFolder(): Promise<string> {
  return mkdtemp('/dev/shm/medkit-simulation-').catch(() => mkdtemp(join(tmpdir(), 'medkit-simulation-')))
}

export async function createSimulatedLedger(): Promise<SimulatedLedger> {
  const folder = await createFolder()
  const template = join(folder, 'template.db')
  await (await openDatabase(`sqlite:${template}`)).close()
  const path = join(folder, 'ledger.db')
  await copyFile(template, path)

  const activity = { begun: 0, pending: 0 }
  const db = new Kysely<Tables>({ dialect: watchedDialect(createSqlite(path).dialect, activity) })
  const aside = new DatabaseSync(path)
  aside.exec('pragma synchronous = off')
  const tables = aside
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'kysely%'")
    .all()
    .map(({ name }) => String(name))

  return {
    files: await createFiles(`file:${join(folder, 'files')}`),
    database: { engine: 'sqlite', db, scrub: async () => undefined, close: () => db.destroy() },

    async settle() {
      for (let seen = -1; activity.pending > 0 || activity.begun !== seen; ) {
        seen = activity.begun
        await new Promise((resolve) => setImmediate(resolve))
      }
    },

    wipe: () => {
      aside.exec(`begin; ${tables.map((table) => `delete from "${table}"`).join('; ')}; commit`)
    },

    dump: () => tables.map((table) => JSON.stringify(aside.prepare(`select * from "${table}"`).all())).join('\n'),

    look: (sql, read) => aside.prepare(sql).all().map(read),

    close: async () => {
      aside.close()
      await db.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Counts what the engine is asked: while nothing is pending and nothing new was begun, nobody waits for it. */
function watchedDialect(dialect: Dialect, activity: { begun: number; pending: number }): Dialect {
  async function watched<T>(work: Promise<T>): Promise<T> {
    activity.begun++
    activity.pending++
    try {
      return await work
    } finally {
      activity.pending--
    }
  }

  function connectionOf(connection: DatabaseConnection): DatabaseConnection {
    return {
      executeQuery: (query) => watched(connection.executeQuery(query)),
      streamQuery: (query, size) => connection.streamQuery(query, size),
    }
  }

  function driverOf(driver: Driver): Driver {
    const inner = new WeakMap<DatabaseConnection, DatabaseConnection>()
    const own = (outer: DatabaseConnection) => inner.get(outer) ?? outer
    return {
      init: () => driver.init(),
      acquireConnection: async () => {
        const connection = await watched(driver.acquireConnection())
        const outer = connectionOf(connection)
        inner.set(outer, connection)
        return outer
      },
      releaseConnection: (connection) => driver.releaseConnection(own(connection)),
      beginTransaction: (connection, settings) => watched(driver.beginTransaction(own(connection), settings)),
      commitTransaction: (connection) => watched(driver.commitTransaction(own(connection))),
      rollbackTransaction: (connection) => watched(driver.rollbackTransaction(own(connection))),
      destroy: () => driver.destroy(),
    }
  }

  return {
    createAdapter: () => dialect.createAdapter(),
    createDriver: () => driverOf(dialect.createDriver()),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  }
}

/**
 * The store as a process reaches it, over a line of its own: each call is carried out at once, its answer takes a while,
 * and the process may be paused or killed before it comes.
 */
export function storeOf(store: Store, process: Process, latencyMs: () => number): Store {
  const ask = (work: () => unknown) =>
    process.isDead() ? never() : process.answered(Promise.resolve(work()), latencyMs)

  function behindLine<T extends object>(target: T): T {
    const kept = new Map<string | symbol, unknown>()
    return new Proxy(target, {
      get(inner, name) {
        if (!kept.has(name)) kept.set(name, made(Reflect.get(inner, name), inner))
        return kept.get(name)
      },
    })
  }

  function made(value: unknown, target: object): unknown {
    if (typeof value === 'function') return (...args: unknown[]) => ask(() => Reflect.apply(value, target, args))
    return typeof value === 'object' && value !== null ? behindLine(value) : value
  }

  return behindLine(store)
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
