/**
 * Listens to the vendors: one shared reading a vendor ticket, however many players, tabs and relays look on. A hook is only
 * a hint to read again, and goes first; what else is read, and how often, is each account's reader's to say.
 */

import type { Games, LiveGame } from '../../config/games.ts'
import type { TicketId } from '../../contract/ids.ts'
import { type Clock, every, type Timers } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import type { Metrics } from '../../runtime/metrics.ts'
import type { Notifier } from '../../store/notifier.ts'
import type { Store } from '../../store/store.ts'
import type { PlayerKey } from '../../store/tables.ts'
import type { TicketRow } from '../../store/tickets.ts'
import { VendorError, type VendorTicketId } from '../../vendors/vendor.ts'
import type { Copies } from '../delivery/duplicates.ts'
import { type Account, accountsOf } from './accounts.ts'
import type { AskOfGame } from './ask.ts'
import { createReadTicket } from './read-ticket.ts'
import { type Behind, createReader, type Reader } from './reader.ts'

export interface SyncParts {
  store: Store
  clock: Clock
  timers: Timers
  notifier: Notifier
  games: Games
  copies: Pick<Copies, 'tell'>
  log: Log
  metrics: Pick<Metrics, 'asked'>
}

/** What is known of a ticket that somebody looks at. */
export type Seen = Pick<TicketRow, 'id' | 'game' | 'heard_at' | 'must_read' | 'newest_author'>

export interface Sync {
  /**
   * Reads a ticket at its vendor. Resolves after `timeoutMs` at the latest.
   *
   * @returns undefined where it was heard just now, so that there is nothing to wait for
   */
  freshen: (ticket: Seen, timeoutMs: number) => Promise<void> | undefined
  /** A vendor says that something changed. Never rejects. */
  hint: (game: string, vendorTicketId: VendorTicketId) => Promise<void>
  /** Asks a game's vendor something that can wait. */
  ask: AskOfGame
  /** Somebody looks on until the returned function is called: what changes is asked for more often. */
  follow: (player: PlayerKey) => () => void
  /** By game, how far behind reading is. Only where this relay reads. */
  behind: () => ({ game: string } & Behind)[]
  /** Asks the vendors nothing more, and waits a moment for readings to be called off. */
  stop: () => Promise<void>
}

/** How old what was heard may be when a player looks at it, before it is read again. */
const staleAfterMs = { hook: 60_000, poll: 8_000 }
/** Longer without a hint, and a vendor's hook may be broken: then it is asked as one that has none. */
const hookAliveMs = 86_400_000
/** How long, and how many, hints about tickets we do not know yet are kept, and how often they are tried. */
const earlyMs = 60_000
const earlyHints = 1_000
const earlyEveryMs = 5_000
const watchEveryMs = 10_000

export function createSync({ store, clock, timers, notifier, games, copies, log, metrics }: SyncParts): Sync {
  const readTicket = createReadTicket({ store, clock, notifier, games, copies, onPassedOver: note })
  const readers = new Map<string, Reader>()
  const followed = new Map<PlayerKey, { count: number; game: string | undefined }>()
  /** When each game's vendor last called. Unknown after a start: it is asked until it calls again. */
  const calledAt = new Map<string, number>()
  const early = new Map<string, { game: string; vendorTicketId: VendorTicketId; until: number }>()

  for (const account of accountsOf(games)) {
    const reader = readerOf(account)
    for (const { key } of account.games) readers.set(key, reader)
  }

  function readerOf(account: Account): Reader {
    const keys = account.games.map(({ key }) => key)
    return createReader({
      account,
      store,
      clock,
      timers,
      readTicket,
      isCalled: () => account.games.every((game) => pushOf(game) === 'hook'),
      onHint: () => keys.forEach(wasCalled),
      onCalls: (count) => metrics.asked.inc({ game: account.name }, count),
      note,
    })
  }

  function note(error: unknown): void {
    if (error instanceof VendorError)
      log.info({ vendor: error.message, code: error.code }, 'a ticket could not be read')
    else log.error({ err: error }, 'reading a ticket broke off')
  }

  function isStale(ticket: Seen, game: LiveGame): boolean {
    return ticket.must_read === 1 || clock.now().getTime() - ticket.heard_at >= staleAfterMs[pushOf(game)]
  }

  function wasCalled(game: string): void {
    calledAt.set(game, clock.now().getTime())
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
    if (link) await readers.get(game)?.read(link.ticket_id, 'hint', link.position)
    else keepHint(game, vendorTicketId)
  }

  /** A hint can be faster than our own note of which ticket it is about. */
  async function tryEarlyHints(): Promise<void> {
    for (const [name, { game, vendorTicketId, until }] of early) {
      const link = await store.tickets.findByVendor(game, vendorTicketId)
      if (link || clock.now().getTime() > until) early.delete(name)
      if (link) await readers.get(game)?.read(link.ticket_id, 'hint', link.position)
    }
  }

  async function afterDelivery(id: TicketId): Promise<void> {
    await tryEarlyHints()
    const ticket = await store.tickets.find(id)
    if (!ticket) return
    const reader = readers.get(ticket.game)
    // Whoever has just written looks on, even if the ledger did not know them when they came.
    reader?.sync()
    const follower = followed.get(ticket.player)
    if (follower) follower.game = ticket.game
    if (ticket.must_read === 1) await reader?.read(id, 'look')
  }

  /** Whoever has no ticket has nothing to hear of, and the ledger does not know their game. */
  async function findGame(player: PlayerKey): Promise<void> {
    const game = (await store.players.find(player))?.game
    const follower = followed.get(player)
    if (!follower || game === undefined) return
    follower.game = game
    readers.get(game)?.sync()
  }

  function watchForFollowers(): void {
    const watched = new Set([...followed.values()].map(({ game }) => game))
    for (const game of watched) if (game !== undefined) readers.get(game)?.sync()
  }

  const endings = [
    every(timers, earlyEveryMs, () => void tryEarlyHints().catch(note)),
    every(timers, watchEveryMs, watchForFollowers),
    notifier.delivered.listen((id) => void afterDelivery(id).catch(note)),
  ]

  return {
    freshen(ticket, timeoutMs) {
      const game = games.get(ticket.game)
      const reader = readers.get(ticket.game)
      if (!game || !reader) return undefined
      reader.sync()
      reader.looked(ticket.id)
      // Without its messages it was opened elsewhere, or they have outlived the retention: only the vendor has them.
      if (ticket.newest_author !== null && !isStale(ticket, game)) return undefined
      const timeout = new Promise<void>((resolve) => timers.after(timeoutMs, resolve))
      return Promise.race([reader.read(ticket.id, 'look').catch(note), timeout])
    },

    // Behind the answer to a hook there is nobody to tell of a ledger that cannot be read; the hint is kept for when it can.
    hint(game, vendorTicketId) {
      wasCalled(game)
      return heed(game, vendorTicketId).catch((error: unknown) => {
        note(error)
        keepHint(game, vendorTicketId)
      })
    },

    async ask(game, act, timeoutMs) {
      const reader = readers.get(game)
      return reader ? reader.ask(act, timeoutMs) : { answer: await act(AbortSignal.timeout(timeoutMs)) }
    },

    follow(player) {
      const follower = followed.get(player) ?? { count: 0, game: undefined }
      followed.set(player, follower)
      follower.count += 1
      if (follower.count === 1) findGame(player).catch(note)
      return () => {
        follower.count -= 1
        if (follower.count === 0) followed.delete(player)
      }
    },

    behind: () =>
      [...readers].flatMap(([game, reader]) => {
        const behind = reader.behind()
        return behind ? [{ game, ...behind }] : []
      }),

    stop: async () => {
      for (const end of endings) end()
      await Promise.all([...new Set(readers.values())].map((reader) => reader.stop()))
    },
  }
}
