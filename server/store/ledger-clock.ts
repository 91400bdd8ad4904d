/**
 * The ledger's own clock: what leases and waits in it go by, so that no two relays ever disagree about them. PostgreSQL's
 * is the server's; SQLite has one relay, whose clock it is.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Clock } from '../runtime/clock.ts'
import type { Engine } from './engine.ts'

/** Milliseconds since 1970, as an expression: read when the statement runs, so that waiting for it costs no time. */
export type LedgerNow = () => RawBuilder<number>

export function ledgerClock(engine: Engine, clock: Clock): LedgerNow {
  if (engine === 'sqlite') return () => sql<number>`${clock.now().getTime()}`
  return () => sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
}
