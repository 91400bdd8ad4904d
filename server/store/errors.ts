/** Tells the ledger's own trouble (disk full, lock, lost connection) from a mistake in our queries. */

/** The ledger could not be read or written. Nothing was half-written; the same call may work in a moment. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** SQLite's primary result codes for trouble that passes: PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL. */
const sqliteTrouble = new Set([3, 5, 6, 8, 10, 11, 13, 14, 15])

/** PostgreSQL's classes: connection, rollback (serialisation, deadlock), resources, operator intervention, system. */
const postgresTrouble = ['08', '40', '53', '57', '58']

/** And of other classes: locked for too long, read only, a transaction that did nothing or took for too long. */
const postgresCodes = new Set(['55P03', '25006', '25P03', '25P04'])

const networkTrouble = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])

/** True when the same call may succeed later without anybody changing the code. */
export function isStoreFailure(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true
  if (!(error instanceof Error)) return false
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteTrouble.has(error.errcode & 0xff)
  if ('code' in error && typeof error.code === 'string') return isPostgresTrouble(error.code)
  return isPoolTrouble(error)
}

function isPostgresTrouble(code: string): boolean {
  if (networkTrouble.has(code) || postgresCodes.has(code)) return true
  return code.length === 5 && postgresTrouble.includes(code.slice(0, 2))
}

/** What `pg` gives no code: no connection is free, none is made, one is lost, one is lost and was used again. */
const poolTrouble = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
]

function isPoolTrouble(error: Error): boolean {
  return isSilence(error) || poolTrouble.some((words) => error.message.startsWith(words))
}

/** A connection on which an answer is overdue; `pg` gives it no code either. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}
