/** Tells the ledger's own trouble (disk full, lock, lost connection) from a mistake in our queries. */
import { StoreUnavailable } from './database.ts'

/** SQLite's primary result codes for trouble that passes: PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL. */
const sqliteTrouble = new Set([3, 5, 6, 8, 10, 11, 13, 14, 15])

/** PostgreSQL's classes: connection, rollback (serialisation, deadlock), resources, operator intervention, system. */
const postgresTrouble = ['08', '40', '53', '57', '58']

const networkTrouble = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'])

/** True when the same call may succeed later without anybody changing the code. */
export function isStoreTrouble(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true
  if (!(error instanceof Error)) return false
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteTrouble.has(error.errcode & 0xff)
  if ('code' in error && typeof error.code === 'string') return isPostgresTrouble(error.code)
  return isPoolTrouble(error.message)
}

function isPostgresTrouble(code: string): boolean {
  if (networkTrouble.has(code)) return true
  return code.length === 5 && postgresTrouble.includes(code.slice(0, 2))
}

/** `pg` gives these no code. */
function isPoolTrouble(message: string): boolean {
  return message.startsWith('timeout exceeded when trying to connect') || message.startsWith('Connection terminated')
}
