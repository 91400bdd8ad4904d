/**
 * History opened elsewhere: a verified player's tickets that the vendor holds and the ledger does not know yet become
 * tickets of the relay. Only what the studio signed says who a player is: a device or a mailbox adopts nothing.
 */

import type { LiveGame } from '../config/games.ts'
import type { TicketId } from '../contract/ids.ts'
import type { Identity } from '../players/identity.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { randomId } from '../runtime/random.ts'
import type { Notifier } from '../store/notifier.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { PlayerKey, TicketTable } from '../store/tables.ts'
import { VendorError, type VendorTicket } from '../vendors/vendor.ts'
import type { Copies } from './delivery/duplicates.ts'
import { newNumber, newPlayer, withFreeNumber } from './new-rows.ts'
import { stepsOf } from './present.ts'
import type { AskOfGame } from './sync/ask.ts'
import { vendorPlayer } from './vendor-player.ts'

export interface AdoptParts {
  store: Store
  clock: Clock
  notifier: Notifier
  copies: Pick<Copies, 'linkWithin'>
  ask: AskOfGame
  log: Log
  pseudonymOf: (game: string, subject: string) => string
}

/** Resolves after `timeoutMs` at the latest, and never fails: where the vendor does not answer, the ledger does. */
export type Adopt = (player: Identity, game: LiveGame, timeoutMs: number) => Promise<void>

/** However often a player looks, the vendor is asked no more often than that, and less where its budget has no room. */
const everyMs = 30_000
const listMs = 10_000
/** Of players asked about lately; past it the longest ago is forgotten. */
const remembered = 10_000
/** What the relay itself has just opened may be listed before it is linked; two clocks may disagree by this much. */
const skewMs = 300_000

/** Where the reading of one player's history stands. */
interface Progress {
  askedAt: number
  /** Its newest page was read. */
  isBegun: boolean
  /** The next older page; undefined once the end was reached. */
  cursor?: string | undefined
}

export function createAdopt({ store, clock, notifier, copies, ask, log, pseudonymOf }: AdoptParts): Adopt {
  const underWay = new Map<PlayerKey, Promise<void>>()
  const progress = new Map<PlayerKey, Progress>()

  /** At most two lists: what is newest, and one page further back than last time. */
  async function lookUp(player: Identity, game: LiveGame): Promise<void> {
    const before = progress.get(player.key)
    note(player.key, { isBegun: false, ...before, askedAt: clock.now().getTime() })
    const newest = await adoptPage(player, game, undefined)
    const cursor = before?.isBegun ? before.cursor : newest
    note(player.key, { isBegun: true, askedAt: clock.now().getTime(), cursor })
    const older = cursor === undefined ? undefined : await adoptPage(player, game, cursor)
    note(player.key, { isBegun: true, askedAt: clock.now().getTime(), cursor: older })
  }

  function note(key: PlayerKey, state: Progress): void {
    progress.delete(key)
    progress.set(key, state)
    const [oldest] = progress.keys()
    if (progress.size > remembered && oldest !== undefined) progress.delete(oldest)
  }

  /** @returns where the next page begins. @throws VendorError `busy` where there is no room for the call just now */
  async function adoptPage(player: Identity, game: LiveGame, cursor: string | undefined): Promise<string | undefined> {
    const row = newPlayer(player, pseudonymOf(player.game, player.subject), clock.now())
    const list = async (signal: AbortSignal) => game.vendor.list?.(vendorPlayer(row), cursor, signal)
    const asked = await ask(game.key, list, listMs)
    if (!asked) throw new VendorError('busy', `${game.vendor.kind}: the budget of the account is used up`)
    const page = asked.answer
    if (!page) return undefined
    const { adopted, told } = await store.transaction(async (ledger) => {
      const added = await adoptAll(ledger, player, game, page.tickets)
      if (added.adopted > 0) await ledger.players.remember(row)
      return added
    })
    for (const tell of told) tell()
    if (adopted > 0) notifier.player.notify(player.key)
    return page.cursor
  }

  /** @returns how many are new, and what tells the operator of second copies once that is committed */
  async function adoptAll(ledger: Ledger, player: Identity, game: LiveGame, tickets: readonly VendorTicket[]) {
    const limits = await limitsFor(ledger, player.key)
    const found = limits ? tickets.filter((ticket) => isHistory(ticket, limits)) : []
    const told: (() => void)[] = []
    let adopted = 0
    // In one order on every relay, so that none waits for the other in a circle.
    for (const ticket of found.toSorted((one, other) => (one.vendorTicketId < other.vendorTicketId ? -1 : 1))) {
      const copy = await copyOf(ledger, player, ticket)
      if (copy) told.push(copy.tell)
      else if (await adoptOne(ledger, player, game, ticket, clock.now())) adopted += 1
    }
    return { adopted, told }
  }

  /** What bears the mark of something the player wrote here is no history, but that, a second time. */
  async function copyOf(ledger: Ledger, { key }: Identity, { vendorTicketId, mark }: VendorTicket) {
    const ticket = mark === undefined ? undefined : await ledger.messages.ticketOfMark(key, mark)
    if (!ticket) return undefined
    // Its own delivery is about to find it.
    const isOnItsWay = await ledger.deliveries.findByMessage(ticket.message_id)
    const of = { ticket, delivery: { player: key } }
    const tell = isOnItsWay ? undefined : await copies.linkWithin(ledger, of, vendorTicketId)
    return { tell: tell ?? (() => undefined) }
  }

  function isDue({ key }: Identity): boolean {
    return clock.now().getTime() - (progress.get(key)?.askedAt ?? Number.NEGATIVE_INFINITY) >= everyMs
  }

  function begin(player: Identity, game: LiveGame): Promise<void> {
    const looking = lookUp(player, game)
      .catch((error: unknown) => {
        if (error instanceof VendorError)
          log.info({ game: game.key, vendor: error.message, code: error.code }, 'a history could not be read')
        else log.error({ err: error, game: game.key }, 'reading a history broke off')
      })
      .finally(() => underWay.delete(player.key))
    underWay.set(player.key, looking)
    return looking
  }

  return async (player, game, timeoutMs) => {
    if (player.kind !== 'verified' || game.can.history !== 'vendor') return
    const looking = underWay.get(player.key) ?? (isDue(player) ? begin(player, game) : undefined)
    if (looking) await Promise.race([looking, pause(timeoutMs)])
  }
}

/** Milliseconds: history is what was opened between the two. */
interface Limits {
  after: number
  before: number
}

/**
 * What was erased does not come back, and what the relay is opening just now is its own.
 *
 * @returns undefined while an erasure is under way
 */
async function limitsFor(ledger: Ledger, player: PlayerKey): Promise<Limits | undefined> {
  const deletions = await ledger.deletions.list(player)
  if (deletions.some(({ status }) => status === 'begun')) return undefined
  const done = deletions.filter(({ status }) => status === 'done')
  const erasedAt = done.flatMap((request) => stepsOf(request).map(({ at }) => at))
  const unsent = await ledger.deliveries.oldestUnsent(player)
  return {
    // The studio may have been asked by a ticket, and the vendor's clock be ahead.
    after: Math.max(Number.NEGATIVE_INFINITY, ...erasedAt) + skewMs,
    before: unsent === undefined ? Number.POSITIVE_INFINITY : unsent - skewMs,
  }
}

function isHistory({ createdAt }: VendorTicket, { after, before }: Limits): boolean {
  return createdAt.getTime() > after && createdAt.getTime() < before
}

/** @returns false when the ledger has it already, from this relay or another */
async function adoptOne(
  ledger: Ledger,
  player: Identity,
  game: LiveGame,
  ticket: VendorTicket,
  now: Date,
): Promise<boolean> {
  const row = adoptedTicket(player, game, ticket, now)
  const isOurs = await ledger.tickets.link({
    ticket_id: row.id,
    position: 1,
    game: game.key,
    vendor_ticket_id: ticket.vendorTicketId,
    player: player.key,
    opened_at: row.created_at,
  })
  if (!isOurs) {
    await refill(ledger, game, ticket, now)
    return false
  }
  await ledger.tickets.add(await withFreeNumber(ledger, game, row))
  // Other tabs get to know it; nothing in it counts as new.
  await ledger.events.add(player.key, now, { type: 'ticket-changed', ticket_id: row.id })
  return true
}

/** One whose subject has outlived its retention has it again for a while. */
async function refill(ledger: Ledger, game: LiveGame, { vendorTicketId, subject }: VendorTicket, now: Date) {
  const link = await ledger.tickets.findByVendor(game.key, vendorTicketId)
  const known = link?.position === 1 ? await ledger.tickets.find(link.ticket_id) : undefined
  if (known?.subject === known?.number && known && subject.trim())
    await ledger.tickets.refill(known.id, subject.trim(), now)
}

/** Without messages: the first look at it reads them, as old ones. */
function adoptedTicket(player: Identity, game: LiveGame, ticket: VendorTicket, now: Date): TicketTable {
  const [fallback = 'en'] = game.config.languages
  const created_at = Math.min(ticket.createdAt.getTime(), now.getTime())
  return {
    id: randomId() as TicketId,
    game: game.key,
    player: player.key,
    number: newNumber(game),
    subject: ticket.subject.trim() || game.config.name,
    status: ticket.status,
    language: ticket.language ?? fallback,
    category: null,
    fields: '{}',
    claimed: '{}',
    signed: JSON.stringify(player.signed),
    answer_to: null,
    created_at,
    updated_at: Math.min(Math.max(ticket.updatedAt.getTime(), created_at), now.getTime()),
    heard_at: now.getTime(),
    must_read: 0,
    message_count: 0,
    said_position: 0,
    read_position: 0,
    follow_up: 0,
    rating_score: null,
    rating_comment: null,
    emptied: 0,
    refilled_at: now.getTime(),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
