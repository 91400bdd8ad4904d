/**
 * Kysely over `node:sqlite`, with group commit: transactions that end in the same turn of the event loop share one
 * COMMIT and so one flush to the disk. Each is still all or nothing (a savepoint of its own), and none is reported as done
 * before the flush. Reads outside a transaction have a connection of their own and only ever see what is committed.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  RawNode,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
} from 'kysely'
import { LastingQueryCompiler } from './sqlite-compiler.ts'
import { type Connection, openConnection } from './sqlite-connection.ts'
import { createScrub } from './sqlite-scrub.ts'
import { createSnapshot } from './sqlite-snapshot.ts'

export interface Sqlite {
  dialect: Dialect
  /** Reads what is committed, at once. */
  ask: (sql: string, values: readonly unknown[]) => unknown[]
  /** As the store's. */
  scrub: () => Promise<void>
}

/** @param path of the database file; made, with its folder, where it is not there yet */
export function createSqlite(path: string): Sqlite {
  const { driver, ask, scrub } = openDriver(path)
  const dialect: Dialect = {
    createAdapter: () => new GroupedAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new LastingQueryCompiler(),
  }
  return { dialect, ask, scrub }
}

/** Kysely's own would hold every caller back until the one before has reached the disk: no two could share a flush. */
class GroupedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }

  /** SQLite has it; so a relay killed in the middle of a migration has made none of it. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

interface GroupedConnection extends DatabaseConnection {
  isInTransaction: boolean
}

function openDriver(path: string): { driver: Driver } & Omit<Sqlite, 'dialect'> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const writing = openConnection(path)
  const reading = openConnection(path)
  const snapshot = createSnapshot(reading)
  const writer = createWriter(writing, snapshot.end)
  let isClosed = false

  function connection(): GroupedConnection {
    const own: GroupedConnection = {
      isInTransaction: false,
      executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
        if (own.isInTransaction) return writer.within(() => writing.run<R>(query))
        if (isRead(query)) return snapshot.within(() => reading.run<R>(query))
        return writer.alone(() => writing.run<R>(query))
      },
      streamQuery: () => {
        throw new TypeError('rows are not streamed from SQLite')
      },
    }
    return own
  }

  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection(),
    releaseConnection: async () => undefined,
    beginTransaction: async (own) => {
      await writer.begin()
      Object.assign(own, { isInTransaction: true })
    },
    commitTransaction: async (own) => {
      Object.assign(own, { isInTransaction: false })
      await writer.commit()
    },
    rollbackTransaction: async (own) => {
      Object.assign(own, { isInTransaction: false })
      writer.rollback()
    },
    destroy: async () => {
      isClosed = true
      await writer.settle()
      snapshot.end()
      reading.close()
      writing.close()
    },
  }
  return {
    driver,
    ask: (sql, values) => snapshot.within(() => reading.read(sql, values)),
    scrub: createScrub(path, { writing, whileNobodyWrites: writer.whileNobodyWrites, isClosed: () => isClosed }),
  }
}

/** What Kysely has put together says so itself; of a question in plain SQL, of ours, its first word does. */
function isRead({ query, sql }: CompiledQuery): boolean {
  return SelectQueryNode.is(query) || (RawNode.is(query) && /^\s*(select|with recursive)\b/i.test(sql))
}

const turnsBeforeFlush = 4
/** How long somebody else's lock is waited for, and how often it is looked at. */
const lockedMs = 2_000
const lockedLookMs = 20

/** By another process, which is just writing. */
export function isLocked(error: unknown): boolean {
  // SQLITE_BUSY, in whichever of its variants.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}

function after(turns: number, act: () => void): void {
  setImmediate(turns <= 1 ? act : () => after(turns - 1, act))
}

/** Those who wait for one flush. */
interface Group {
  waiting: { resolve: () => void; reject: (cause: unknown) => void }[]
}

/** @param endLook - what is read afterwards sees what was committed before */
function createWriter(sqlite: Connection, endLook: () => void) {
  const queue: (() => void)[] = []
  let isTaken = false
  let group: Group | undefined

  /** One transaction at a time works on the connection; the next begins while the last waits for its flush. */
  async function take(): Promise<void> {
    if (!isTaken) isTaken = true
    else await new Promise<void>((resolve) => queue.push(resolve))
  }

  function give(): void {
    const next = queue.shift()
    if (next) next()
    else isTaken = false
  }

  /** Another relay, just ending or just starting, or an operator's command may be writing. */
  async function join(): Promise<Group> {
    if (group) return group
    const giveUpAtMs = performance.now() + lockedMs
    // Immediate, because a reader that turns into a writer cannot wait for another writer.
    while (!begun(performance.now() < giveUpAtMs)) await pause(lockedLookMs)
    group = { waiting: [] }
    // A few turns, so that requests that have just arrived come along; for one that is alone they pass at once.
    after(turnsBeforeFlush, flush)
    return group
  }

  /** @returns false while somebody else writes, as long as that is tolerated */
  function begun(toleratesLock: boolean): boolean {
    try {
      sqlite.exec('begin immediate')
      return true
    } catch (cause) {
      if (!toleratesLock || !isLocked(cause)) throw cause
      return false
    }
  }

  function flush(): void {
    if (!group) return
    if (isTaken) {
      setImmediate(flush)
      return
    }
    commitGroup(group)
  }

  function commitGroup({ waiting }: Group): void {
    group = undefined
    // Before, because a commit brings the log home now and then, as far as nobody still looks at what was before it.
    endLook()
    try {
      sqlite.exec('commit')
    } catch (cause) {
      if (sqlite.isInTransaction()) sqlite.exec('rollback')
      for (const { reject } of waiting) reject(cause)
      return
    }
    for (const { resolve } of waiting) resolve()
  }

  const flushed = (joined: Group) => new Promise<void>((resolve, reject) => joined.waiting.push({ resolve, reject }))

  /** A full disk makes SQLite roll back everything at once, with what others of the group had done. */
  function within<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      if (!sqlite.isInTransaction() && group) {
        for (const { reject } of group.waiting) reject(cause)
        group = undefined
      }
      throw cause
    }
  }

  return {
    within,

    /** A statement by itself is all or nothing without a savepoint. */
    async alone<T>(work: () => T): Promise<T> {
      await take()
      let joined: Group
      let result: T
      try {
        joined = await join()
        result = within(work)
      } finally {
        give()
      }
      await flushed(joined)
      return result
    },

    async begin(): Promise<void> {
      await take()
      try {
        await join()
        within(() => sqlite.exec('savepoint own'))
      } catch (cause) {
        give()
        throw cause
      }
    },

    async commit(): Promise<void> {
      let joined: Group | undefined
      try {
        within(() => sqlite.exec('release own'))
        joined = group
      } finally {
        give()
      }
      if (joined) await flushed(joined)
    },

    rollback(): void {
      try {
        if (sqlite.isInTransaction()) {
          sqlite.exec('rollback to own')
          sqlite.exec('release own')
        }
      } finally {
        give()
      }
    },

    /** Everything before it is committed, and everything after it waits until the work is done. */
    async whileNobodyWrites<T>(work: () => Promise<T> | T): Promise<T> {
      await take()
      try {
        if (group) commitGroup(group)
        endLook()
        return await work()
      } finally {
        give()
      }
    },

    /** Resolves when nothing waits for a flush any more. */
    async settle(): Promise<void> {
      await take()
      give()
      while (group) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
