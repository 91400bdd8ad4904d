/** Relays on one PostgreSQL ledger share one reader at a vendor account, and another takes over when it dies. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TicketId } from '../../../../server/contract/ids.ts'
import { systemTimers, type Timers } from '../../../../server/runtime/clock.ts'
import { createLog } from '../../../../server/runtime/log.ts'
import { createMetrics } from '../../../../server/runtime/metrics.ts'
import { openDatabase } from '../../../../server/store/database.ts'
import { createNotifier } from '../../../../server/store/notifier.ts'
import { createStore, type Store } from '../../../../server/store/store.ts'
import { addLink } from '../../../../server/tickets/chain.ts'
import { newMessage, newPlayer, newTicket } from '../../../../server/tickets/new-rows.ts'
import { createSync, type Sync } from '../../../../server/tickets/sync/sync.ts'
import { unlimitedByDocument } from '../../../../server/vendors/call-budget.ts'
import type { Vendor, VendorTicketId } from '../../../../server/vendors/vendor.ts'
import { gameOf, playerOf } from '../../../fixtures/game.ts'
import { freshDatabase } from '../../../fixtures/postgres.ts'
import { until } from '../../../fixtures/wait.ts'

const vendorTicketId = 'at the vendor' as VendorTicketId
const clock = { now: () => new Date() }
const log = createLog({ level: 'silent', secrets: new Set() })

interface TestRelay {
  store: Store
  sync: Sync
  /** How often it has read. */
  reads: () => number
  /** Leaves it as a process that is gone: none of its timers comes any more. */
  kill: () => void
  close: () => Promise<void>
}

let relays: TestRelay[]
let url: string
let id: TicketId

async function startRelay(): Promise<TestRelay> {
  const database = await openDatabase(url)
  const store = createStore(database, clock)
  let reads = 0
  let isDead = false
  const timers: Timers = {
    elapsedMs: systemTimers.elapsedMs,
    after: (ms, act) => systemTimers.after(ms, () => isDead || act()),
  }
  const vendor: Vendor = {
    kind: 'model',
    can: gameOf.can,
    once: { open: 'vendor', reply: 'vendor' },
    open: async () => ({ vendorTicketId }),
    read: async () => {
      reads += 1
      return { status: 'open', messages: [] }
    },
  }
  const game = gameOf(vendor)
  const games = new Map([[game.key, game]])
  const parts = { store, clock, timers, notifier: createNotifier(), games, copies: { tell: () => undefined }, log }
  const sync = createSync({ ...parts, metrics: createMetrics() })
  return {
    store,
    sync,
    reads: () => reads,
    kill: () => {
      isDead = true
    },
    close: async () => {
      if (!isDead) await sync.stop()
      await database.close()
    },
  }
}

async function addTicket(store: Store): Promise<TicketId> {
  const [player, now] = [playerOf(1), new Date(Date.now() - 3_600_000)]
  const game = gameOf({ kind: 'model', can: gameOf.can } as Vendor)
  const ticket = newTicket(player, game, { message: 'My sword is gone', language: 'en' }, now)
  await store.transaction(async (ledger) => {
    await ledger.players.remember(newPlayer(player, '1'.repeat(32), now))
    await ledger.tickets.add(ticket)
    await ledger.messages.add({ ...newMessage(ticket.id, 'My sword is gone', 'en', now), position: 1 })
    const row = await ledger.tickets.find(ticket.id)
    if (row) await addLink(ledger, row, { vendorTicketId, player: player.key, openedAt: now })
  })
  return ticket.id
}

/** Hints at every relay, as a vendor does whose calls go to whichever, until one of them has read. */
async function readerAfterHints(): Promise<TestRelay> {
  const before = relays.map((relay) => relay.reads())
  return until(async () => {
    for (const { sync } of relays) void sync.hint('star-harbor', vendorTicketId)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return relays.find((relay, index) => relay.reads() > (before[index] ?? 0))
  }, 'a relay has read')
}

beforeEach(async () => {
  url = await freshDatabase()
  relays = [await startRelay(), await startRelay()]
  const [first] = relays
  if (first) id = await addTicket(first.store)
})

afterEach(async () => {
  for (const relay of relays) await relay.close()
})

it('reads at one relay, whichever is told, and at the other once that one is dead', async () => {
  const reader = await readerAfterHints()
  const other = relays.find((relay) => relay !== reader)
  for (let count = 0; count < 5; count += 1) expect(await readerAfterHints()).toBe(reader)
  expect(other?.reads()).toBe(0)
  expect(relays.map(({ sync }) => sync.behind().length).toSorted()).toEqual([0, 1])
  reader.kill()
  relays = relays.filter((relay) => relay === other)
  expect(await readerAfterHints()).toBe(other)
  expect(other?.sync.behind()).toHaveLength(1)
  await reader.close()
})

it('lets relays that do not read ask what can wait, and counts them together', async () => {
  const reader = await readerAfterHints()
  relays.push(await startRelay())
  const others = relays.filter((relay) => relay !== reader)
  const ask = ({ sync }: TestRelay) => sync.ask('star-harbor', async () => 'answered', 10_000)
  const asked = await Promise.all(others.flatMap((other) => Array.from({ length: 30 }, () => ask(other))))
  expect(asked.filter((one) => one !== undefined)).toHaveLength(unlimitedByDocument / 10)
})

it('has a ticket that a player looks at read by the relay that reads, and waits for it', async () => {
  const reader = await readerAfterHints()
  const other = relays.find((relay) => relay !== reader)
  const before = reader.reads()
  const row = await other?.store.tickets.find(id)
  if (!row) throw new Error('no such ticket')
  await other?.sync.freshen({ ...row, must_read: 1 }, 10_000)
  expect(reader.reads()).toBeGreaterThan(before)
  expect(Number((await other?.store.tickets.find(id))?.heard_at)).toBeGreaterThan(Number(row.heard_at))
})
