/**
 * A relay's reading at a simulated vendor, in virtual time: the product's own reader and adapter over the real simulator,
 * with every timer and clock of theirs in the hands of the test.
 */
import { createBells } from '../../../server/bells.ts'
import type { Clock, Timers } from '../../../server/clock.ts'
import { readConfig } from '../../../server/config.ts'
import type { TicketId } from '../../../server/contract/ids.ts'
import { createGames, type LiveGame, requireGame } from '../../../server/games.ts'
import { createWatch, type Watch } from '../../../server/live/watch.ts'
import { createLog } from '../../../server/log.ts'
import { createMetrics } from '../../../server/metrics.ts'
import type { Identity } from '../../../server/players/identity.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import type { PlayerKey } from '../../../server/store/tables.ts'
import { addLink } from '../../../server/tickets/chain.ts'
import { newMessage, newPlayer, newTicket, withFreeNumber } from '../../../server/tickets/new-rows.ts'
import { vendorPlayer } from '../../../server/tickets/vendor-player.ts'
import type { Opening, VendorTicketId } from '../../../server/vendors/vendor.ts'
import { createSimulatedLedger } from '../../simulation/ledger.ts'
import { createWorld, type World } from '../../simulation/world.ts'
import type { VendorSimulator } from '../../vendors/simulator.ts'
import { type SimulatorName, simulators } from '../../vendors/simulators.ts'
import { vendorOf } from '../../vendors/vendor-of.ts'

export interface OpenTicket {
  id: TicketId
  player: PlayerKey
  vendorTicketId: VendorTicketId
}

export interface Virtual {
  world: World
  simulator: VendorSimulator
  game: LiveGame
  store: Store
  watch: Watch
  /** As another relay on the same ledger would have it, or the same one after a restart. */
  anotherWatch: () => Watch
  /** An open ticket at the vendor, delivered so long ago, and heard not long ago. */
  open: (player: string, ageMs?: number) => Promise<OpenTicket>
  /** As many players, each with three open tickets of some hours to some weeks, looking on. */
  viewers: (count: number) => Promise<OpenTicket[]>
  /** As a player does who opens its conversation. */
  look: (ticket: OpenTicket) => Promise<void>
  /** Lets so much time pass. */
  pass: (ms: number) => Promise<void>
  /** How long it takes until the player hears of something on their ticket, from now on; at the most so long. */
  heardWithin: (ticket: OpenTicket, mostMs: number) => Promise<number>
  /** Calls that the vendor got since, by minute of virtual time. */
  callsByMinute: (fromMs: number) => number[]
  /** Calls within the minute that had the most, wherever it begins. */
  fullestMinute: () => number
  end: () => Promise<void>
}

const beginning = Date.UTC(2026, 2, 1)
const [minuteMs, hourMs] = [60_000, 3_600_000]
/** A relay that has been running for long has heard each ticket within this time. */
const heardMs = 60 * minuteMs
const words = 'Mein Schiff ist weg.'

/** @param vendor - merged over what the simulator's configuration says */
export async function createVirtual(name: SimulatorName, vendor: Record<string, unknown> = {}): Promise<Virtual> {
  const ledger = await createSimulatedLedger()
  const calls: number[] = []
  const line = countedFetch()
  const simulator = await simulators[name]({ onReceived: () => calls.push(world.now()) })
  let passed = 0
  const world = createWorld({ settle })
  const timers: Timers = {
    elapsedMs: world.now,
    after: (ms, act) => world.after(Math.max(1, ms), act),
  }
  const clock: Clock = { now: () => new Date(beginning + world.now()) }
  const store = createStore(ledger.database, clock)
  const { config } = readConfig(
    JSON.stringify({
      games: {
        'star-harbor': {
          name: 'Star Harbor',
          players: { anonymous: true },
          hookSecret: 'the-hook-secret-of-the-tests',
          vendor: { settleSeconds: 0, ...simulator.config, ...vendor },
        },
      },
    }),
    {},
  )
  const games = createGames(config, (_, { vendor }) => vendorOf(vendor, { clock }))
  const served: LiveGame = requireGame(games, 'star-harbor')
  const bells = createBells()
  const log = createLog({ level: 'silent', secrets: new Set() })
  const metrics = createMetrics()
  const copies = { tell: () => undefined }
  const anotherWatch = () => createWatch({ store, clock, timers, bells, games, copies, log, metrics })
  const watch = anotherWatch()
  const known = new Set<string>()
  let added = 0

  async function settle(): Promise<void> {
    do {
      await line.quiet()
      await ledger.settle()
    } while (line.isBusy())
    if (world.now() <= passed) return
    const ms = world.now() - passed
    passed = world.now()
    await simulator.pass(ms)
  }

  /** A ticket of the ledger's, of which the vendor has its own as `atVendor` says. */
  async function add(
    player: string,
    ageMs: number,
    atVendor: (opening: Opening) => Promise<VendorTicketId>,
  ): Promise<OpenTicket> {
    const who = identityOf(player)
    const now = new Date(beginning + world.now() - ageMs)
    const row = newPlayer(who, Buffer.from(player).toString('hex').padEnd(32, '0').slice(0, 32), now)
    const ticket = newTicket(who, served, { message: words, language: 'de' }, now)
    added += 1
    if (ageMs >= heardMs) ticket.heard_at = now.getTime() + ageMs - heardMs * ((added % 10) / 10)
    const message = newMessage(ticket.id, words, 'de', now)
    const vendorTicketId = await atVendor(openingOf(row, ticket, message))
    await store.transaction(async (rows) => {
      if (!known.has(player)) await rows.players.remember(row)
      known.add(player)
      await rows.tickets.add(await withFreeNumber(rows, served, ticket))
      await rows.messages.add({ ...message, position: 1, delivery: 'delivered', chain_position: 1 })
      const opened = { vendorTicketId, player: who.key, openedAt: now }
      const found = await rows.tickets.find(ticket.id)
      if (found) await addLink(rows, found, opened)
    })
    return { id: ticket.id, player: who.key, vendorTicketId }
  }

  const open = (player: string, ageMs = 0) =>
    add(player, ageMs, async (opening) => {
      const { vendorTicketId } = await served.vendor.open(opening, new AbortController().signal)
      return vendorTicketId
    })

  async function viewers(count: number): Promise<OpenTicket[]> {
    const tickets: OpenTicket[] = []
    for (let index = 0; index < count * 3; index += 1) {
      // From an hour to three weeks, the young ones close together.
      const ageMs = hourMs * 1.5 ** ((index * 7) % 16)
      const seed = async ({ player }: Opening) => (simulator.seed?.(player, words) ?? '') as VendorTicketId
      tickets.push(await add(`player-${Math.floor(index / 3)}`, ageMs, seed))
    }
    for (const player of new Set(tickets.map((ticket) => ticket.player))) watch.follow(player)
    await settle()
    return tickets
  }

  async function pass(ms: number): Promise<void> {
    const until = world.now() + ms
    let isOver = false
    world.after(ms, () => {
      isOver = true
    })
    await world.run(() => isOver || world.now() > until)
  }

  return {
    world,
    simulator,
    game: served,
    store,
    watch,
    anotherWatch,
    open,
    viewers,
    pass,

    async look(ticket) {
      const row = await store.tickets.find(ticket.id)
      if (row) void watch.freshen(row, 2_000)
      await pass(3_000)
    },

    async heardWithin(ticket, mostMs) {
      const from = world.now()
      let heardMs: number | undefined
      const stop = bells.player.listen((player) => {
        if (player === ticket.player) heardMs ??= world.now() - from
      })
      while (heardMs === undefined && world.now() - from < mostMs) await pass(2_000)
      stop()
      return heardMs ?? Number.POSITIVE_INFINITY
    },

    callsByMinute(fromMs) {
      const minutes = Math.floor((world.now() - fromMs) / minuteMs)
      return Array.from(
        { length: minutes },
        (_, index) =>
          calls.filter((at) => at >= fromMs + index * minuteMs && at < fromMs + (index + 1) * minuteMs).length,
      )
    },

    fullestMinute() {
      let first = 0
      let most = 0
      for (const [index, at] of calls.entries()) {
        while ((calls[first] ?? at) <= at - minuteMs) first += 1
        most = Math.max(most, index - first + 1)
      }
      return most
    },

    async end() {
      const stopped = watch.stop()
      await pass(2_000)
      await stopped
      line.restore()
      await simulator.close()
      await ledger.close()
    },
  }
}

function identityOf(player: string): Identity {
  return {
    key: playerKey('star-harbor', player),
    game: 'star-harbor',
    subject: player,
    kind: 'verified',
    signed: {},
    expiresAt: new Date(8_640_000_000_000_000),
    isRemembered: false,
  }
}

function openingOf(
  row: ReturnType<typeof newPlayer>,
  ticket: ReturnType<typeof newTicket>,
  message: ReturnType<typeof newMessage>,
): Opening {
  return {
    mark: message.mark ?? '',
    player: vendorPlayer(row),
    number: ticket.number,
    subject: ticket.subject,
    message: message.text,
    sentAt: new Date(message.sent_at),
    language: 'de',
    fields: {},
    claimed: {},
    files: [],
    purpose: 'ticket',
  }
}

/** Knows of each call to a vendor whether it is under way: in virtual time it takes none, so nothing else happens meanwhile. */
function countedFetch() {
  const real = globalThis.fetch
  const pending = new Set<Promise<unknown>>()

  globalThis.fetch = (...given: Parameters<typeof fetch>) => {
    const answer = real(...given).then(async (response) => {
      const body = response.body === null ? null : await response.arrayBuffer()
      return new Response(body, { status: response.status, headers: response.headers })
    })
    const ended: Promise<void> = answer.then(
      () => void pending.delete(ended),
      () => void pending.delete(ended),
    )
    pending.add(ended)
    return answer
  }

  return {
    isBusy: () => pending.size > 0,
    /** Resolves when none is under way, and whoever waited for one has had the time to make another. */
    async quiet() {
      for (let still = 0; still < 3; still += 1) {
        await new Promise((resolve) => setImmediate(resolve))
        if (pending.size > 0) still = 0
        await Promise.all(pending)
      }
    },
    restore: () => {
      globalThis.fetch = real
    },
  }
}
