/** The ledger in our words: rows grouped by what they are, and one way to change several of them at once. */
import type { Kysely } from 'kysely'
import type { TicketId } from '../contract/ids.ts'
import { type Clock, systemClock } from '../runtime/clock.ts'
import { attachmentRows } from './attachments.ts'
import { copyRows } from './copies.ts'
import { type Database, isWritable } from './database.ts'
import { deletionRows } from './deletions.ts'
import { deliveryRows } from './deliveries.ts'
import type { Engine } from './engine.ts'
import { erasureRows } from './erasures.ts'
import { eventRows } from './events.ts'
import { factRows } from './facts.ts'
import { idempotencyRows } from './idempotency.ts'
import { unseenRows } from './inactive-players.ts'
import { type LedgerNow, ledgerClock } from './ledger-clock.ts'
import { limitRows } from './limits.ts'
import { mailLinkRows } from './mail-links.ts'
import { mergeRows } from './merges.ts'
import { messageRows } from './messages.ts'
import { playerRows } from './players.ts'
import { proofRows } from './proofs.ts'
import { createTurns, lockMs } from './queue.ts'
import { recoveryKeyRows } from './recovery-keys.ts'
import { createSeal, type Seal } from './seal.ts'
import { readingRows } from './sync.ts'
import type { Tables } from './tables.ts'
import { ticketRows } from './tickets.ts'

export type Ledger = ReturnType<typeof ledgerOn>

export interface Store extends Ledger {
  /**
   * All or nothing, on the disk when the promise resolves. Never call a vendor inside.
   *
   * @param locks - the ticket whose row the change locks, or `files` where it announces one: those of one ticket come one
   * after the other, so that however many wait for it hold no more than one connection
   */
  transaction: <T>(change: (ledger: Ledger) => Promise<T>, locks?: TicketId | 'files') => Promise<T>
  /**
   * Leaves nothing of what was deleted on the disk: call it after the transaction. On PostgreSQL it resolves at once, and
   * only asks the database to give the room back.
   *
   * @throws StoreUnavailable where that cannot be now: then call it again
   */
  scrub: () => Promise<void>
  /** Writes something small to find out. */
  isWritable: () => Promise<boolean>
  /** Other relays may be working on the same ledger. */
  isShared: boolean
}

/** @param clock - SQLite's; PostgreSQL has its own */
export function createStore({ db, engine, scrub }: Omit<Database, 'close'>, clock: Clock = systemClock): Store {
  const now = ledgerClock(engine, clock)
  const isShared = engine === 'postgres'
  const inTurn = createTurns(lockMs)
  const seal = createSeal(() => factRows(db).find('receipt key'))
  return {
    ...ledgerOn(db, engine, now, seal),
    transaction: (change, locks) => {
      const act = () => db.transaction().execute((within) => change(ledgerOn(within, engine, now, seal)))
      // SQLite has one writer anyway, and no connection to hold.
      return isShared && locks !== undefined ? inTurn(locks, act) : act()
    },
    scrub,
    isWritable: () => isWritable({ db }),
    isShared,
  }
}

function ledgerOn(db: Kysely<Tables>, engine: Engine, now: LedgerNow, seal: Seal) {
  return {
    players: playerRows(db),
    tickets: ticketRows(db),
    messages: messageRows(db),
    attachments: attachmentRows(db, engine),
    deliveries: deliveryRows(db, engine, now),
    copies: copyRows(db, now),
    idempotency: idempotencyRows(db, seal),
    events: eventRows(db, engine),
    deletions: deletionRows(db, engine, seal),
    erasures: erasureRows(db, now),
    merges: mergeRows(db, seal),
    mailLinks: mailLinkRows(db),
    limits: limitRows(db),
    proofs: proofRows(db),
    facts: factRows(db),
    reading: readingRows(db, now),
    recoveryKeys: recoveryKeyRows(db),
    unseen: unseenRows(db),
  }
}
