/**
 * A message that stands at a vendor twice: sent again after an attempt that nobody could see, which came to light later.
 * Both copies carry one mark. The player goes on seeing one message; what agents answer on either is read, because the
 * second vendor ticket joins the chain, before its first link.
 */

import type { Games } from '../../config/games.ts'
import type { TicketId } from '../../contract/ids.ts'
import { every, type Timers, timeoutSignal } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Metrics } from '../../runtime/metrics.ts'
import type { Ledger, Store } from '../../store/store.ts'
import type { PlayerKey } from '../../store/tables.ts'
import { VendorError, type VendorTicketId } from '../../vendors/vendor.ts'
import { loadCopySought } from './send.ts'

export interface CopiesParts {
  store: Store
  timers: Timers
  games: Games
  log: Log
  metrics: Metrics
}

/** The ticket whose message it is, and as whom it was sent. */
export interface CopyOf {
  ticket: { id: TicketId; game: string; number: string }
  delivery: { player: PlayerKey }
}

export interface Copies {
  /** Notes a second vendor ticket of one message, as part of its ticket's chain. */
  link: (of: CopyOf, vendorTicketId: VendorTicketId) => Promise<void>
  /** The same within a transaction. @returns what tells the operator, once it is committed; undefined where it was known */
  linkWithin: (ledger: Ledger, of: CopyOf, vendorTicketId: VendorTicketId) => Promise<(() => void) | undefined>
  /** Tells the operator of a copy. */
  tell: (of: Pick<CopyOf, 'ticket'>) => void
  start: () => void
  stop: () => Promise<void>
}

/** When an attempt that was never seen is looked for again: after minutes, then after longer and longer, for a day. */
export const firstLookForCopyMs = 300_000
const slower = 4
const mostLooks = 5
const everyMs = 30_000
const lookMs = 15_000
/** Of one round, so that nothing else waits for vendors that hang. */
const atOnce = 20

export function createCopies({ store, timers, games, log, metrics }: CopiesParts): Copies {
  const stopping = new AbortController()

  function tell({ ticket: { game, number } }: Pick<CopyOf, 'ticket'>): void {
    metrics.duplicates.inc({ game })
    log.warn({ game, ticket: number }, 'a message stands at the vendor twice; the player is shown one')
  }

  async function linkWithin(ledger: Ledger, of: CopyOf, vendorTicketId: VendorTicketId) {
    const { ticket, delivery } = of
    const chain = await ledger.tickets.chain(ticket.id)
    const isNew = await ledger.tickets.link({
      ticket_id: ticket.id,
      // Before all others: the newest stays the one that is written on.
      position: Math.min(1, ...chain.map(({ position }) => position)) - 1,
      game: ticket.game,
      vendor_ticket_id: vendorTicketId,
      player: delivery.player,
      opened_at: Number(chain[0]?.opened_at ?? 0),
    })
    return isNew ? () => tell(of) : undefined
  }

  async function link(of: CopyOf, vendorTicketId: VendorTicketId): Promise<void> {
    const told = await store.transaction(async (ledger) => {
      // Erased meanwhile: whoever erased it has looked for this as well.
      if (!(await ledger.tickets.lock(of.ticket.id))) return undefined
      return linkWithin(ledger, of, vendorTicketId)
    })
    told?.()
  }

  /** @returns whether there was one to look for */
  async function lookForNext(): Promise<boolean> {
    const sought = await store.copies.claim(lookMs * 4)
    if (!sought) return false
    const game = games.get(sought.game)
    const known = game && (await loadCopySought(store, game, sought))
    if (!game || !known) {
      await store.copies.drop(sought.mark)
      return true
    }
    const timeout = timeoutSignal(timers, lookMs)
    const signal = AbortSignal.any([stopping.signal, timeout.signal])
    const found = await game.vendor.findOpened?.(known.opening, signal).finally(timeout.clear)
    const looks = sought.looks + 1
    if (found) await link({ ticket: known.ticket, delivery: { player: sought.player } }, found.vendorTicketId)
    if (found || looks >= mostLooks) await store.copies.drop(sought.mark)
    else await store.copies.postpone(sought.mark, firstLookForCopyMs * slower ** looks)
    return true
  }

  async function round(): Promise<void> {
    for (let left = atOnce; left > 0 && !stopping.signal.aborted; left--) {
      const goOn = await lookForNext().catch((error: unknown) => {
        if (error instanceof VendorError) log.info({ vendor: error.message }, 'a vendor could not be asked for copies')
        else log.error({ err: error }, 'looking for copies broke off')
        return error instanceof VendorError
      })
      if (!goOn) return
    }
  }

  let underWay: Promise<void> | undefined
  let cancel = () => {}

  return {
    link,
    linkWithin,
    tell,
    start() {
      cancel = every(timers, everyMs, () => {
        underWay ??= round().finally(() => {
          underWay = undefined
        })
      })
    },
    async stop() {
      cancel()
      stopping.abort()
      await underWay
    },
  }
}
