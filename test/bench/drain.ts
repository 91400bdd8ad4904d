/**
 * How fast a backlog drains from SQLite to a vendor that takes 20 ms: a large one against a small one in the same run, as
 * a ratio. `npm run bench:drain`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { systemClock, systemTimers } from '../../server/runtime/clock.ts'
import { createLog } from '../../server/runtime/log.ts'
import { createMetrics } from '../../server/runtime/metrics.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { createNotifier } from '../../server/store/notifier.ts'
import { createStore } from '../../server/store/store.ts'
import { createCopies } from '../../server/tickets/delivery/duplicates.ts'
import { createDeliveryWorker } from '../../server/tickets/delivery/worker.ts'
import type { Vendor, VendorTicketId } from '../../server/vendors/vendor.ts'
import { gameOf } from '../fixtures/game.ts'

const small = 3_000
const large = 200_000
const most = 1_500
const vendorMs = 20

/** @returns deliveries a second, and the longest the event loop stood still, in milliseconds */
async function drain(backlog: number): Promise<{ rate: number; stallMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-drain-'))
  const database = await openDatabase(`sqlite:${folder}/medkit.db`)
  try {
    await fill(database, backlog)
    return await measure(database, Math.min(backlog, most))
  } finally {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Rows as accepting writes them, one ticket of each player's. */
async function fill({ db }: Database, count: number): Promise<void> {
  const numbers = sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count})`
  await sql`insert into players (player, game, subject, kind, pseudonym, signed, created_at)
    ${numbers} select 'p' || i, 'game', 'anon:' || i, 'anonymous', 'x' || i, '{}', 0 from n`.execute(db)
  await sql`insert into tickets (id, game, player, number, subject, status, language, fields, claimed, signed, created_at,
    updated_at, heard_at, must_read, message_count, said_position, read_position, follow_up)
    ${numbers} select 't' || i, 'game', 'p' || i, 'N-' || i, 'subject', 'open', 'en', '{}', '{}', '{}', 0, 0, 0, 0, 1, 1, 1, 0
    from n`.execute(db)
  await sql`insert into messages (id, ticket_id, position, author, text, sent_at, delivery, mark)
    ${numbers} select 'm' || i, 't' || i, 1, 'player', 'words', 0, 'received', 'mk-' || i from n`.execute(db)
  await sql`insert into deliveries (game, player, ticket_id, operation, message_id, mark, state, attempts, failures,
    not_before, lease_until, created_at)
    ${numbers} select 'game', 'p' || i, 't' || i, 'open', 'm' || i, 'mk-' || i, 'waiting', 0, 0, 0, 0, 0 from n`.execute(
    db,
  )
}

async function measure(database: Database, measured: number): Promise<{ rate: number; stallMs: number }> {
  const store = createStore(database)
  const log = createLog({ level: 'silent', secrets: new Set() })
  const metrics = createMetrics()
  let taken = 0
  const done = Promise.withResolvers<void>()
  const vendor: Vendor = {
    kind: 'twenty',
    can: gameOf.can,
    once: { open: 'vendor', reply: 'vendor' },
    async open({ mark }) {
      await setTimeout(vendorMs)
      taken += 1
      if (taken === measured) done.resolve()
      return { vendorTicketId: mark as VendorTicketId }
    },
  }
  const games = new Map([['game', gameOf(vendor, { key: 'game' })]])
  const copies = createCopies({ store, timers: systemTimers, games, log, metrics })
  const worker = createDeliveryWorker({
    store,
    clock: systemClock,
    timers: systemTimers,
    notifier: createNotifier(),
    games,
    copies,
    filesOf: async () => ({ files: [], absent: [] }),
    log,
    metrics,
  })
  let stallMs = 0
  let last = performance.now()
  const watch = setInterval(() => {
    stallMs = Math.max(stallMs, performance.now() - last - 10)
    last = performance.now()
  }, 10)
  const began = performance.now()
  worker.start()
  await done.promise
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  await worker.stop()
  return { rate: measured / seconds, stallMs }
}

await drain(500)
const few = await drain(small)
const many = await drain(large)
const told = ({ rate, stallMs }: typeof few) => `${rate.toFixed(0)} a second, longest stall ${stallMs.toFixed(0)} ms`
console.log(`${small} waiting     ${told(few)}`)
console.log(`${large} waiting   ${told(many)}`)
console.log(`ratio            ${(many.rate / few.rate).toFixed(2)} (0.5 is the least)`)
