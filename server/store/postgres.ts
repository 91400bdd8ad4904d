/**
 * Kysely over `pg`, for a database that may be slow, locked, or silent without a word. Nothing waits for ever: not for a
 * connection, an answer or a lock. A connection on which an answer is overdue is given up with all that have been as
 * silent. Transactions may wait for each other's locks, so they never take all connections: reads have theirs left.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import { isSilence } from './errors.ts'
import { createQueue, lockMs } from './queue.ts'

/** How long the database works on one statement. */
const statementMs = 5_000
/** Past this there is no answer coming: by then the database itself would have called the statement off. */
const answerMs = 7_000
/** For a connection, also for one to become free. */
const connectMs = 5_000
/** A transaction that does nothing, because its relay was stopped in the middle, gives back what it has locked. */
const idleTransactionMs = 10_000
/** Of the changes to the tables, which wait for those of another relay. */
const migrationMs = 600_000

const connections = 15
const transactions = 10

const sessionSettings = `set statement_timeout = ${statementMs}; set lock_timeout = ${lockMs};
  set idle_in_transaction_session_timeout = ${idleTransactionMs}`

/** @param isForMigrations - one connection, on which a statement may take as long as a large table needs */
export function createPostgresDialect(url: string, { isForMigrations = false } = {}): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => createDriver(isForMigrations ? migrationPool(url) : workingPool(url)),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

function workingPool(url: string): pg.Pool {
  return createPool(url, {
    max: connections,
    query_timeout: answerMs,
    maxLifetimeSeconds: 1_800,
    // Said on the connection and not when it is made: a pooler in between may refuse what it does not know there.
    onConnect: (client) => client.query(sessionSettings),
  })
}

function migrationPool(url: string): pg.Pool {
  return createPool(url, { max: 1, query_timeout: migrationMs })
}

function createPool(url: string, config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
    ...config,
  })
  // A connection that dies fails its query and is replaced by the pool; an error without a listener would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Every bigint of ours is a time or a sequence and fits a double; pg would hand out strings. */
function getTypeParser(id: number, format?: 'text' | 'binary') {
  if (id === pg.types.builtins.INT8) return (value: string) => Number(value)
  return pg.types.getTypeParser(id, format)
}

/** Kysely's view of one: a real connection is taken for a statement, or for a transaction, and not before. */
interface Session extends DatabaseConnection {
  isInTransaction: boolean
  client: pg.PoolClient | undefined
  isBroken: boolean
}

function createDriver(pool: pg.Pool): Driver {
  const ask = createAsk(pool)
  const queue = createQueue(Math.min(transactions, pool.options.max), connectMs)

  async function alone<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const client = await pool.connect()
    let isBroken = true
    try {
      const result = await ask<R>(client, query)
      isBroken = false
      return result
    } catch (error) {
      isBroken = !isAnswer(error)
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  async function within<R>(session: Session, client: pg.PoolClient, query: Question): Promise<QueryResult<R>> {
    try {
      return await ask<R>(client, query)
    } catch (error) {
      session.isBroken ||= !isAnswer(error)
      throw error
    }
  }

  function newSession(): Session {
    const session: Session = {
      isInTransaction: false,
      client: undefined,
      isBroken: false,
      executeQuery: (query) => (session.client ? within(session, session.client, query) : alone(query)),
      streamQuery: () => {
        throw new TypeError('rows are not streamed from PostgreSQL')
      },
    }
    return session
  }

  async function say(session: Session, sql: string): Promise<string> {
    if (!session.client) throw new TypeError(`${sql} outside a transaction`)
    const { rows } = await within<{ command: string }>(session, session.client, { sql, parameters: [] })
    return rows[0]?.command ?? ''
  }

  return {
    init: async () => undefined,
    acquireConnection: async () => newSession(),
    beginTransaction: async (session: Session) => {
      await queue.enter()
      session.isInTransaction = true
      session.client = await pool.connect()
      await say(session, 'begin')
    },
    commitTransaction: async (session: Session) => {
      // That is how PostgreSQL ends a transaction in which a statement failed, if one asks for its commit.
      if ((await say(session, 'commit')) === 'ROLLBACK') throw new Error('nothing was committed')
    },
    rollbackTransaction: async (session: Session) => {
      // With its connection it ends as well; what is to be told is why.
      if (!session.isBroken)
        await say(session, 'rollback').catch(() => {
          session.isBroken = true
        })
    },
    releaseConnection: async (session: Session) => {
      session.client?.release(session.isBroken)
      session.client = undefined
      if (session.isInTransaction) queue.leave()
      session.isInTransaction = false
    },
    destroy: () => pool.end(),
  }
}

type Question = Pick<CompiledQuery, 'sql' | 'parameters'>

/** Asks on one connection. Where no answer comes, all from which none has come since the question was put are ended. */
function createAsk(pool: pg.Pool) {
  const heardAt = new Map<pg.PoolClient, number>()
  pool.on('connect', (client) => heardAt.set(client, performance.now()))
  pool.on('remove', (client) => heardAt.delete(client))

  function endSilent(sinceMs: number): void {
    for (const [client, atMs] of heardAt) if (atMs < sinceMs) client.connection.stream.destroy()
  }

  return async <R>(client: pg.PoolClient, { sql, parameters }: Question): Promise<QueryResult<R>> => {
    const askedAt = performance.now()
    try {
      const { command, rowCount, rows } = await client.query(sql, [...parameters])
      heardAt.set(client, performance.now())
      if (command === 'COMMIT' || command === 'ROLLBACK') return { rows: [{ command } as R] }
      const isChange = ['INSERT', 'UPDATE', 'DELETE'].includes(command)
      return { rows, ...(isChange && { numAffectedRows: BigInt(rowCount ?? 0) }) }
    } catch (error) {
      if (isAnswer(error)) heardAt.set(client, performance.now())
      if (isSilence(error)) endSilent(askedAt)
      throw error
    }
  }
}

/** The database has said no; with anything else nobody knows what state the connection is in. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError
}
