/**
 * Relays that are nothing but a worker on a shared ledger: each with a wall clock that can be wrong, and each can be
 * stopped in the middle of whatever it does, as a machine that is short of everything stops a process.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBells } from '../../server/bells.ts'
import { systemTimers, type Timers } from '../../server/clock.ts'
import type { Conversation } from '../../server/contract/ticket.ts'
import { createLog } from '../../server/log.ts'
import { createMetrics } from '../../server/metrics.ts'
import { type Database, type Engine, openDatabase } from '../../server/store/database.ts'
import { createStore, type Store } from '../../server/store/store.ts'
import { createAccept } from '../../server/tickets/accept.ts'
import { createChange } from '../../server/tickets/change.ts'
import { createCopies } from '../../server/tickets/copies.ts'
import { createDeliveryWorker } from '../../server/tickets/delivery.ts'
import type { Vendor } from '../../server/vendors/vendor.ts'
import { freshDatabase } from '../postgres.ts'
import { type GameOptions, gameOf, playerOf } from './game.ts'

export interface TestWorker {
  store: Store
  /** Sets its wall clock on, or back. */
  step: (ms: number) => void
  /** From now on nothing of it runs; time passes all the same. */
  pause: () => void
  resume: () => void
  /** Resolves at once, or when it goes on: what a vendor answers to a stopped relay waits for it. */
  going: () => Promise<void>
  start: () => void
  stop: () => Promise<void>
}

export interface Ledgers {
  /** Each with a connection, a wall clock and an idea of time of its own. */
  worker: (vendor: Vendor, options?: GameOptions & { aheadMs?: number }) => Promise<TestWorker>
  /** Opens a ticket as player number `n` would, without waking anybody. */
  write: (vendor: Vendor, n: number, message: string) => Promise<Conversation>
  reply: (vendor: Vendor, n: number, id: Conversation['id'], message: string) => Promise<void>
  change: () => ReturnType<typeof createChange>
  store: Store
  close: () => Promise<void>
}

export async function openLedger(engine: Engine): Promise<Ledgers> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-relays-'))
  const url = engine === 'sqlite' ? `sqlite:${folder}/medkit.db` : await freshDatabase()
  const databases: Database[] = [await openDatabase(url)]
  const [database] = databases
  if (!database) throw new Error('no database')
  const clock = { now: () => new Date() }
  const store = createStore(database, clock)
  const bells = createBells()
  const log = createLog({ level: 'silent', secrets: new Set() })
  const accept = createAccept({
    store,
    clock,
    bells,
    opens: { known: () => true },
    pseudonymOf: (_, subject) => Buffer.from(subject).toString('hex').padEnd(32, '0').slice(0, 32),
  })
  const running: TestWorker[] = []

  return {
    store,
    change: () => createChange({ store, clock, bells }),

    async worker(vendor, { aheadMs = 0, ...options } = {}) {
      // Two writers of one SQLite file in one process would wait for each other without letting each other go on.
      const own = engine === 'sqlite' ? database : await openDatabase(url)
      if (own !== database) databases.push(own)
      const worker = workerOn(own, vendor, aheadMs, options)
      running.push(worker)
      return worker
    },

    write: (vendor, n, message) =>
      accept.opening(
        { player: playerOf(n), game: gameOf(vendor), idempotencyKey: crypto.randomUUID() },
        { message, language: 'en' },
      ),

    async reply(vendor, n, id, message) {
      const writer = { player: playerOf(n), game: gameOf(vendor), idempotencyKey: crypto.randomUUID() }
      await accept.reply(writer, id, { message })
    },

    async close() {
      for (const worker of running) worker.resume()
      await Promise.all(running.map((worker) => worker.stop()))
      for (const each of databases) await each.close()
      await rm(folder, { recursive: true, force: true })
    },
  }

  function workerOn(own: Database, vendor: Vendor, aheadMs: number, options: GameOptions): TestWorker {
    let ahead = aheadMs
    let gate: PromiseWithResolvers<void> | undefined
    const going = () => gate?.promise ?? Promise.resolve()
    const itsClock = { now: () => new Date(Date.now() + ahead) }
    const timers: Timers = {
      elapsedMs: systemTimers.elapsedMs,
      after: (ms, act) => {
        let isOff = false
        const cancel = systemTimers.after(ms, () => void going().then(() => isOff || act()))
        return () => {
          isOff = true
          cancel()
        }
      },
    }
    const itsStore = createStore(own, itsClock)
    const game = gameOf(vendor, options)
    const games = new Map([[game.key, game]])
    const metrics = createMetrics()
    const copies = createCopies({ store: itsStore, timers, games, log, metrics })
    const filesOf = async () => ({ files: [], absent: [] })
    const parts = {
      store: itsStore,
      clock: itsClock,
      timers,
      bells: createBells(),
      games,
      copies,
      filesOf,
      log,
      metrics,
    }
    const worker = createDeliveryWorker(parts)
    return {
      store: itsStore,
      step: (ms) => {
        ahead += ms
      },
      pause: () => {
        gate ??= Promise.withResolvers()
      },
      resume: () => {
        gate?.resolve()
        gate = undefined
      },
      going,
      start: worker.start,
      stop: worker.stop,
    }
  }
}
