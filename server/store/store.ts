/** The ledger in our words: rows grouped by what they are, and one way to change several of them at once. */
import type { Kysely } from 'kysely'
import { attachmentRows } from './attachments.ts'
import { type Database, type Engine, isUsable } from './database.ts'
import { deletionRows } from './deletions.ts'
import { deliveryRows } from './deliveries.ts'
import { eventRows } from './events.ts'
import { idempotencyRows } from './idempotency.ts'
import { limitRows } from './limits.ts'
import { mailLinkRows } from './mail-links.ts'
import { mergeRows } from './merges.ts'
import { messageRows } from './messages.ts'
import { playerRows } from './players.ts'
import { proofRows } from './proofs.ts'
import type { Tables } from './tables.ts'
import { ticketRows } from './tickets.ts'

export type Ledger = ReturnType<typeof ledgerOn>

export interface Store extends Ledger {
  /** All or nothing, on the disk when the promise resolves. Never call a vendor inside. */
  transaction: <T>(change: (ledger: Ledger) => Promise<T>) => Promise<T>
  isUsable: () => Promise<boolean>
  /** Other relays may be working on the same ledger. */
  isShared: boolean
}

export function createStore(database: Database): Store {
  return {
    ...ledgerOn(database.db, database.engine),
    transaction: (change) => database.db.transaction().execute((db) => change(ledgerOn(db, database.engine))),
    isUsable: () => isUsable(database),
    isShared: database.engine === 'postgres',
  }
}

function ledgerOn(db: Kysely<Tables>, engine: Engine) {
  return {
    players: playerRows(db),
    tickets: ticketRows(db),
    messages: messageRows(db),
    attachments: attachmentRows(db, engine),
    deliveries: deliveryRows(db, engine),
    idempotency: idempotencyRows(db),
    events: eventRows(db, engine),
    deletions: deletionRows(db),
    merges: mergeRows(db),
    mailLinks: mailLinkRows(db),
    limits: limitRows(db),
    proofs: proofRows(db),
  }
}
