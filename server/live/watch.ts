/**
 * Listens to the vendors: one shared reading a vendor ticket, however many players, tabs and relays look on. A hook is only
 * a hint to read again; where a vendor has none, or has not called for a day, tickets with somebody watching are read at
 * short intervals.
 */
import { scheduler } from 'node:timers/promises'
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { TicketId } from '../contract/ids.ts'
import type { Games, LiveGame } from '../games.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { TicketRow, TicketSummary } from '../store/tickets.ts'
import { type Link, linksToRead, loadChain } from '../tickets/chain.ts'
import type { Copies } from '../tickets/copies.ts'
import { writeDownHeard } from '../tickets/hear.ts'
import { type Vendor, VendorError, type VendorTicketId } from '../vendors/vendor.ts'

export interface WatchParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  copies: Pick<Copies, 'tell'>
  log: Log
}

export interface Watch {
  /** Reads a ticket at its vendor unless it was heard just now. Resolves after `patienceMs` at the latest. */
  freshen: (ticket: TicketSummary, patienceMs: number) => Promise<void>
  /** A vendor says that something changed. Never rejects. */
  hint: (game: string, vendorTicketId: VendorTicketId) => Promise<void>
  /** Keeps a player's newest tickets fresh until the returned function is called. */
  follow: (player: PlayerKey) => () => void
  /** Asks the vendors nothing more, and waits a moment for readings to be called off. */
  stop: () => Promise<void>
}

/** How old what was heard may be before it is read again: with the next round, an answer is there within 15 seconds. */
const staleAfterMs = { hook: 60_000, poll: 8_000 }
const followEveryMs = 5_000
/** Longer without a hint, and a vendor's hook may be broken: then it is asked as one that has none. */
const hookAliveMs = 86_400_000
/** A player's newest tickets that are kept fresh while they look on. */
const followedTickets = 5
/** Of one game's vendor, for all who look on. */
const readsAtOnce = 8
const readMs = 10_000
/** An adapter may not listen to being called off. */
const callOffMs = 1_000
/** How long, and how many, hints about tickets we do not know yet are kept. */
const earlyMs = 60_000
const earlyHints = 1_000

export function createWatch({ store, clock, bells, games, copies, log }: WatchParts): Watch {
  const underWay = new Map<TicketId, Promise<void>>()
  /** Links of a ticket that the next reading must not pass over. */
  const hinted = new Map<TicketId, Set<number>>()
  /** Games whose round of readings is under way. */
  const freshening = new Set<string>()
  const followed = new Map<PlayerKey, number>()
  /** When each game's vendor last called. Unknown after a start: it is asked until it calls again. */
  const calledAt = new Map<string, number>()
  const early = new Map<string, { game: string; vendorTicketId: VendorTicketId; until: number }>()
  const stopping = new AbortController()

  /** Everyone who wants the same ticket read waits for the same reading. */
  function hear(id: TicketId): Promise<void> {
    const known = underWay.get(id)
    if (known) return known
    const reading = read(id)
      .catch((error: unknown) => note(error))
      .finally(() => underWay.delete(id))
    underWay.set(id, reading)
    return reading
  }

  async function read(id: TicketId): Promise<void> {
    const ticket = await store.tickets.find(id)
    const game = ticket && games.get(ticket.game)
    if (!ticket || !game?.vendor.read) return
    const wanted = hinted.get(id)
    hinted.delete(id)
    const chain = await loadChain(store, ticket)
    for (const link of linksToRead(chain, { wanted, isEmpty: ticket.newest_author === null })) {
      if (stopping.signal.aborted) return
      await readLink(game.vendor, ticket, link).catch(passOver)
    }
  }

  /** An agent may have removed one vendor ticket of a chain: what stands on the others is still for the player. */
  function passOver(error: unknown): void {
    if (!(error instanceof VendorError) || !['missing', 'unexpected'].includes(error.code)) throw error
    note(error)
  }

  async function readLink(vendor: Vendor, ticket: TicketRow, link: Link): Promise<void> {
    const askedSince = Number((await store.tickets.find(ticket.id))?.heard_at)
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(readMs)])
    const conversation = await vendor.read?.(link.ref, signal)
    if (!conversation) return
    const lastHeardAt = Number(ticket.heard_at)
    const heard = { link: link.position, conversation, lastHeardAt, askedSince }
    const { isNews, newCopies } = await store.transaction(async (ledger) => {
      // Read again inside the transaction: the player may have written meanwhile.
      const now = await ledger.tickets.lock(ticket.id)
      return now ? writeDownHeard(ledger, now, heard, clock.now()) : { isNews: false, newCopies: 0 }
    })
    for (let copy = 0; copy < newCopies; copy += 1) copies.tell({ ticket })
    if (isNews) bells.player.ring(ticket.player)
  }

  function note(error: unknown): void {
    if (error instanceof VendorError)
      log.info({ vendor: error.message, code: error.code }, 'a ticket could not be read')
    else log.error({ err: error }, 'reading a ticket broke off')
  }

  function isStale(ticket: TicketSummary, game: LiveGame | undefined): boolean {
    if (!game?.vendor.read) return false
    return ticket.must_read === 1 || clock.now().getTime() - ticket.heard_at >= staleAfterMs[pushOf(game)]
  }

  function pushOf({ key, can, vendor }: LiveGame): 'hook' | 'poll' {
    const isAlive = vendor.needsNoHook || clock.now().getTime() - (calledAt.get(key) ?? 0) < hookAliveMs
    return can.push === 'hook' && isAlive ? 'hook' : 'poll'
  }

  function keepHint(game: string, vendorTicketId: VendorTicketId): void {
    const until = clock.now().getTime() + earlyMs
    if (early.size < earlyHints) early.set(`${game} ${vendorTicketId}`, { game, vendorTicketId, until })
  }

  async function heed(game: string, vendorTicketId: VendorTicketId): Promise<void> {
    const link = await store.tickets.findByVendor(game, vendorTicketId)
    if (!link) return keepHint(game, vendorTicketId)
    hinted.set(link.ticket_id, (hinted.get(link.ticket_id) ?? new Set()).add(link.position))
    // A reading already under way may have begun before the change it is hinted at.
    await underWay.get(link.ticket_id)
    await hear(link.ticket_id)
  }

  /** A hint can be faster than our own note of which ticket it is about. */
  async function tryEarlyHints(): Promise<void> {
    for (const [name, { game, vendorTicketId, until }] of early) {
      const link = await store.tickets.findByVendor(game, vendorTicketId)
      if (link || clock.now().getTime() > until) early.delete(name)
      if (link) await hear(link.ticket_id)
    }
  }

  async function afterDelivery(id: TicketId): Promise<void> {
    await tryEarlyHints()
    const ticket = await store.tickets.find(id)
    if (ticket?.must_read === 1) await hear(id)
  }

  /** Each game by itself: one whose vendor hangs keeps nobody else's players waiting. */
  async function freshenFollowed(): Promise<void> {
    const stale: TicketSummary[] = []
    for (const player of followed.keys()) {
      await scheduler.yield()
      const tickets = await store.tickets.list(player, followedTickets)
      stale.push(...tickets.filter((ticket) => isStale(ticket, games.get(ticket.game))))
    }
    for (const [game, tickets] of Map.groupBy(stale, (ticket) => ticket.game)) {
      if (freshening.has(game)) continue
      freshening.add(game)
      void someAtOnce(tickets, ({ id }) => hear(id)).finally(() => freshening.delete(game))
    }
  }

  let isReading = false
  const timer = setInterval(() => {
    if (isReading) return
    isReading = true
    tryEarlyHints()
      .then(freshenFollowed)
      .catch(note)
      .finally(() => {
        isReading = false
      })
  }, followEveryMs)
  timer.unref()
  const stopListening = bells.delivered.listen((id) => void afterDelivery(id).catch(note))

  return {
    async freshen(ticket, patienceMs) {
      const game = games.get(ticket.game)
      // Without its messages it was opened elsewhere, or they have outlived the retention: only the vendor has them.
      const isEmpty = ticket.newest_author === null && game?.vendor.read !== undefined
      if (!isEmpty && !isStale(ticket, game)) return
      await Promise.race([hear(ticket.id), pause(patienceMs)])
    },

    // Behind the answer to a hook there is nobody to tell of a ledger that cannot be read; the hint is kept for when it can.
    hint(game, vendorTicketId) {
      calledAt.set(game, clock.now().getTime())
      return heed(game, vendorTicketId).catch((error: unknown) => {
        note(error)
        keepHint(game, vendorTicketId)
      })
    },

    follow(player) {
      followed.set(player, (followed.get(player) ?? 0) + 1)
      return () => {
        const left = (followed.get(player) ?? 1) - 1
        if (left > 0) followed.set(player, left)
        else followed.delete(player)
      }
    },

    stop: async () => {
      clearInterval(timer)
      stopListening()
      stopping.abort()
      await Promise.race([Promise.all(underWay.values()), pause(callOffMs)])
    },
  }
}

/** Never more than {@link readsAtOnce}; one that takes long holds up none of the others. */
async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const takeTurns = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: readsAtOnce }, takeTurns))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
