/** Erasure as a room of its own: a ledger, a vendor that does as it is told, and time that passes when a test lets it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBells } from '../../server/bells.ts'
import { type Clock, systemTimers, type Timers } from '../../server/clock.ts'
import type { DeletionRequest } from '../../server/contract/deletion.ts'
import type { Conversation } from '../../server/contract/ticket.ts'
import { createAnnounce } from '../../server/files/announce.ts'
import { createFiles } from '../../server/files/uploads.ts'
import type { Games, LiveGame } from '../../server/games.ts'
import { createHousekeeping } from '../../server/housekeeping.ts'
import { createLog } from '../../server/log.ts'
import { createMetrics } from '../../server/metrics.ts'
import type { Identity } from '../../server/players/identity.ts'
import { createLeave } from '../../server/players/leave.ts'
import { createSightings } from '../../server/players/sightings.ts'
import { openDatabase } from '../../server/store/database.ts'
import { createStore, type Ledger, type Store } from '../../server/store/store.ts'
import { createAccept } from '../../server/tickets/accept.ts'
import { createChange } from '../../server/tickets/change.ts'
import { createCopies } from '../../server/tickets/copies.ts'
import { createDeletions } from '../../server/tickets/deletion.ts'
import { createDeliveryWorker } from '../../server/tickets/delivery.ts'
import { createErasures } from '../../server/tickets/erasure.ts'
import {
  type Opening,
  type Vendor,
  VendorError,
  type VendorErrorCode,
  type VendorTicketId,
} from '../../server/vendors/vendor.ts'
import { freshDatabase } from '../postgres.ts'
import { gameOf } from './game.ts'

const metrics = createMetrics()

export const minuteMs = 60_000
export const dayMs = 86_400_000

/** What it does when it is called: carries it out, fails so, or never answers, not even when it is called off. */
export type Mood = 'well' | 'hang' | VendorErrorCode

export interface MoodyVendor {
  vendor: Vendor
  moods: { open: Mood; forget: Mood; find: Mood }
  /** The tickets by which the studio was asked. */
  asked: Opening[]
  /** Vendor tickets that were erased by its own call. */
  forgotten: string[]
  /** Vendor tickets that its lists do not show yet: its own call passes over them. */
  unseen: Set<string>
  /** Whom it was asked to erase. */
  forgottenPlayers: string[]
  /** What it has taken, by mark, whether or not it said so. */
  holds: Map<string, VendorTicketId>
  /** Calls that have no answer yet. */
  hanging: () => number
}

export function moodyVendor({ forgets = false }: { forgets?: boolean } = {}): MoodyVendor {
  const moods: MoodyVendor['moods'] = { open: 'well', forget: 'well', find: 'well' }
  const [asked, forgotten, holds] = [[] as Opening[], [] as string[], new Map<string, VendorTicketId>()]
  const [unseen, forgottenPlayers] = [new Set<string>(), [] as string[]]
  let hanging = 0

  async function be(mood: Mood): Promise<void> {
    if (mood === 'well') return
    if (mood !== 'hang') throw new VendorError(mood, `moody: ${mood}`)
    hanging += 1
    await new Promise(() => undefined)
  }

  const vendor: Vendor = {
    kind: 'moody',
    can: { ...gameOf.can, deletion: forgets ? 'vendor' : 'request' },
    once: { open: 'relay', reply: 'relay' },
    async open(opening) {
      await be(moods.open)
      asked.push(opening)
      return { vendorTicketId: `asked-${asked.length}` as VendorTicketId }
    },
    async findOpened({ mark, linked }) {
      await be(moods.find)
      const id = holds.get(mark)
      return id === undefined || linked?.has(id) ? undefined : { vendorTicketId: id }
    },
    ...(forgets && {
      forget: async ({ id }, tickets) => {
        await be(moods.forget)
        forgottenPlayers.push(id)
        forgotten.push(...tickets.filter((ticket) => !unseen.has(ticket) && !forgotten.includes(ticket)))
      },
    }),
  }
  return { vendor, moods, asked, forgotten, unseen, forgottenPlayers, holds, hanging: () => hanging }
}

export type Erasing = Awaited<ReturnType<typeof openErasing>>

export async function openErasing(
  engine: 'sqlite' | 'postgres',
  vendors: Record<string, Vendor>,
  pseudonymOf = (_: string, subject: string) => `pseudonym-of-${subject}`,
  /** Comes before each thing that an erasure asks of the ledger. */
  atStep: () => Promise<void> = async () => undefined,
) {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-erasing-'))
  const database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
  const { db } = database
  const startMs = Date.now()
  const time = createTime(startMs)
  const { clock } = time
  const store = timedBy(clock, createStore(database, clock))
  await store.facts.keep('receipt key', () => 'A'.repeat(43))
  const lines: string[] = []
  const log = createLog({ level: 'info', secrets: new Set(), destination: { write: (line) => lines.push(line) } })
  const bells = createBells()
  const games: Games = new Map(
    Object.entries(vendors).map(([key, vendor]): [string, LiveGame] => [
      key,
      gameOf(vendor, { key, settleSeconds: 90 }),
    ]),
  )
  const erasures = createErasures({
    store: stepwise(store, atStep),
    clock,
    timers: time.timers,
    bells,
    games,
    log,
    removeFile: async () => undefined,
  })
  const deletions = createDeletions({ store, clock, bells, graceHours: 0 })
  const accept = createAccept({ store, clock, bells, opens: { known: () => true }, pseudonymOf })

  function gameFor(player: Identity): LiveGame {
    const game = games.get(player.game)
    if (!game) throw new Error('no such game')
    return game
  }

  async function requestOf(player: Identity): Promise<DeletionRequest> {
    const [request] = await deletions.list(player)
    if (!request) throw new Error('nothing was asked for')
    return request
  }

  const erasing = {
    db,
    store,
    time,
    lines,
    erasures,
    deletions,
    change: createChange({ store, clock, bells }),
    // Its leases go by the ledger's clock, which on PostgreSQL is the real one.
    delivery: createDeliveryWorker({
      store,
      clock,
      timers: systemTimers,
      bells,
      games,
      copies: createCopies({ store, timers: time.timers, games, log, metrics }),
      filesOf: async () => ({ files: [], absent: [] }),
      log,
      metrics,
    }),
    games,
    announce: createAnnounce({
      store,
      clock,
      log,
      files: await createFiles(`file:${join(folder, 'files')}`),
      room: { from: async () => ({ network: '', bounds: { network: 1e9, game: 1e9, disk: undefined } }) },
    }),
    requestOf,

    write: (player: Identity, message = 'Gone!', idempotencyKey: string = crypto.randomUUID()): Promise<Conversation> =>
      accept.opening(
        { player, game: gameFor(player), idempotencyKey },
        { message, language: 'en', email: 'typed@players.example' },
      ),

    reply: (player: Identity, id: Conversation['id'], message: string) =>
      accept.reply({ player, game: gameFor(player), idempotencyKey: crypto.randomUUID() }, id, { message }),

    /** Writes a ticket that the vendor has taken under this id. */
    async open(player: Identity, vendorTicketId: string): Promise<Conversation> {
      const ticket = await erasing.write(player)
      await db.deleteFrom('deliveries').where('ticket_id', '=', ticket.id).execute()
      await store.tickets.link({
        ticket_id: ticket.id,
        position: 1,
        game: player.game,
        vendor_ticket_id: vendorTicketId as VendorTicketId,
        player: player.key,
        opened_at: clock.now().getTime(),
      })
      return ticket
    },

    /** Steps of the player's request, as they see them. */
    steps: async (player: Identity) => (await requestOf(player)).steps.map(({ name }) => name),

    /** Takes up what is due, once; whatever hangs is waited for as long as the relay itself does. */
    async round(): Promise<void> {
      let isOver = false
      const going = erasures.carryOutDue().finally(() => {
        isOver = true
      })
      while (!isOver) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        if (time.waiting() > 0) time.pass(5_000)
      }
      await going
    },

    /** One round of housekeeping. @returns what it came to after the ledger */
    async sweep(): Promise<string[]> {
      const reached: string[] = []
      const { sweep } = createHousekeeping({
        store,
        clock,
        log,
        files: await createFiles(`file:${join(folder, 'files')}`),
        merging: { sweep: async () => undefined },
        leave: createLeave({ store, clock, sightings: createSightings({ store, clock }) }),
        retentionDays: 30,
        sweepOrphans: async () => void reached.push('orphans'),
      })
      await sweep()
      return reached
    },

    /** Lets time pass until the request has ended. @returns after how long, in milliseconds */
    async untilDone(player: Identity): Promise<number> {
      for (let rounds = 0; rounds < 300; rounds++) {
        await erasing.round()
        const request = await requestOf(player)
        if (request.status === 'done') return clock.now().getTime() - Date.parse(request.requestedAt)
        const row = await store.deletions.find(request.id)
        time.pass(Math.max(1, Number(row?.lease_until ?? 0) - clock.now().getTime()))
      }
      throw new Error('it does not end')
    },

    async close() {
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return erasing
}

/** The same store, but whoever asks it for something is let through by `atStep`. */
function stepwise<T extends object>(target: T, atStep: () => Promise<void>): T {
  return new Proxy(target, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name)
      if (typeof value === 'object' && value !== null) return stepwise(value, atStep)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        await atStep()
        return Reflect.apply(value, inner, args)
      }
    },
  })
}

/** Erasure goes by the ledger's clock, which on PostgreSQL nobody can set: here it is the test's on both engines. */
function timedBy(clock: Clock, store: Store): Store {
  const time = async () => clock.now().getTime()
  const timed = <L extends Ledger>(ledger: L): L => ({ ...ledger, erasures: { ...ledger.erasures, time } })
  return {
    ...timed(store),
    transaction: (change, ticket) => store.transaction((ledger) => change(timed(ledger)), ticket),
  }
}

function createTime(startMs: number) {
  let now = startMs
  const pending = new Set<{ at: number; act: () => void }>()
  const timers: Timers = {
    elapsedMs: () => now - startMs,
    after: (ms, act) => {
      const one = { at: now + ms, act }
      pending.add(one)
      return () => pending.delete(one)
    },
  }
  return {
    clock: { now: () => new Date(now) },
    timers,
    waiting: () => pending.size,
    pass(ms: number) {
      now += ms
      for (const one of [...pending])
        if (one.at <= now) {
          pending.delete(one)
          one.act()
        }
    },
  }
}
