/**
 * Listens to the vendors: one shared reading a vendor ticket, however many players, tabs and relays look on. A hook is only
 * a hint to read again; where a vendor has none, open tickets with somebody watching are read at intervals.
 */
import type { Bells } from '../bells.ts'
import type { Clock } from '../clock.ts'
import type { TicketId } from '../contract/ids.ts'
import type { Games, LiveGame } from '../games.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import type { TicketRow } from '../store/tickets.ts'
import { type Link, lastLink, loadChain } from '../tickets/chain.ts'
import { writeDownHeard } from '../tickets/hear.ts'
import { type Vendor, VendorError, type VendorTicketId } from '../vendors/vendor.ts'

export interface WatchParts {
  store: Store
  clock: Clock
  bells: Bells
  games: Games
  log: Log
}

export interface Watch {
  /** Reads a ticket at its vendor unless it was heard just now. Resolves after `patienceMs` at the latest. */
  freshen: (ticket: TicketRow, patienceMs: number) => Promise<void>
  /** A vendor says that something changed. */
  hint: (game: string, vendorTicketId: VendorTicketId) => Promise<void>
  /** Keeps a player's newest tickets fresh until the returned function is called. */
  follow: (player: PlayerKey) => () => void
  stop: () => void
}

/** How old what was heard may be before it is read again. */
const staleAfterMs = { hook: 60_000, poll: 10_000 }
const followEveryMs = 5_000
/** A player's newest tickets that are kept fresh while they look on; also the vendor calls one round can cost. */
const followedTickets = 5
/** The newest vendor tickets of a chain that are read: a fixed number, whatever its length. */
const readLinks = 3
const readMs = 10_000
/** How long, and how many, hints about tickets we do not know yet are kept. */
const earlyMs = 60_000
const earlyHints = 1_000

export function createWatch({ store, clock, bells, games, log }: WatchParts): Watch {
  const underWay = new Map<TicketId, Promise<void>>()
  const followed = new Map<PlayerKey, number>()
  const early = new Map<string, { game: string; vendorTicketId: VendorTicketId; until: number }>()

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
    const chain = await loadChain(store, ticket)
    for (const link of chain.slice(-readLinks)) await readLink(game.vendor, ticket, link, link === lastLink(chain))
  }

  async function readLink(vendor: Vendor, ticket: TicketRow, link: Link, isLast: boolean): Promise<void> {
    const askedSince = Number((await store.tickets.find(ticket.id))?.heard_at)
    const conversation = await vendor.read?.(link.ref, AbortSignal.timeout(readMs))
    if (!conversation) return
    const lastHeardAt = Number(ticket.heard_at)
    const heard = { link: link.position, isLast, conversation, lastHeardAt, askedSince }
    const isNews = await store.transaction(async (ledger) => {
      // Read again inside the transaction: the player may have written meanwhile.
      const now = await ledger.tickets.lock(ticket.id)
      return now ? writeDownHeard(ledger, now, heard, clock.now()) : false
    })
    if (isNews) bells.player.ring(ticket.player)
  }

  function note(error: unknown): void {
    if (error instanceof VendorError)
      log.info({ vendor: error.message, code: error.code }, 'a ticket could not be read')
    else log.error({ err: error }, 'reading a ticket broke off')
  }

  function isStale(ticket: TicketRow, game: LiveGame | undefined): boolean {
    if (!game?.vendor.read) return false
    return ticket.must_read === 1 || clock.now().getTime() - ticket.heard_at >= staleAfterMs[game.can.push]
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

  async function freshenFollowed(): Promise<void> {
    for (const player of followed.keys()) {
      const tickets = await store.tickets.list(player, followedTickets)
      await Promise.all(tickets.filter((ticket) => isStale(ticket, games.get(ticket.game))).map(({ id }) => hear(id)))
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

    async hint(game, vendorTicketId) {
      const link = await store.tickets.findByVendor(game, vendorTicketId)
      if (!link) {
        const until = clock.now().getTime() + earlyMs
        if (early.size < earlyHints) early.set(`${game} ${vendorTicketId}`, { game, vendorTicketId, until })
        return
      }
      // A reading already under way may have begun before the change it is hinted at.
      await underWay.get(link.ticket_id)
      await hear(link.ticket_id)
    },

    follow(player) {
      followed.set(player, (followed.get(player) ?? 0) + 1)
      return () => {
        const left = (followed.get(player) ?? 1) - 1
        if (left > 0) followed.set(player, left)
        else followed.delete(player)
      }
    },

    stop: () => {
      clearInterval(timer)
      stopListening()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
