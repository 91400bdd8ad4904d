/** A vendor that is away for an hour while ten thousand messages queue up, by a clock that is moved by hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LiveGame } from '../../../../server/config/games.ts'
import type { Can } from '../../../../server/contract/can.ts'
import type { Identity } from '../../../../server/players/identity.ts'
import type { Timers } from '../../../../server/runtime/clock.ts'
import { createLog } from '../../../../server/runtime/log.ts'
import { createMetrics } from '../../../../server/runtime/metrics.ts'
import { type Database, openDatabase } from '../../../../server/store/database.ts'
import { createNotifier, type Notifier } from '../../../../server/store/notifier.ts'
import { playerKey } from '../../../../server/store/players.ts'
import { createStore, type Store } from '../../../../server/store/store.ts'
import { createAccept } from '../../../../server/tickets/accept.ts'
import { createCopies } from '../../../../server/tickets/delivery/duplicates.ts'
import { createDeliveryWorker, type DeliveryWorker } from '../../../../server/tickets/delivery/worker.ts'
import { type Vendor, VendorError, type VendorTicketId } from '../../../../server/vendors/vendor.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const tickets = 500
const repliesEach = 19
const minuteMs = 60_000

let folder: string
let database: Database
let store: Store
let notifier: Notifier
let now: number
const clock = { now: () => new Date(now) }
const timers: Timers = { elapsedMs: () => now, after: () => () => undefined }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-outage-'))
  database = await openDatabase(`sqlite:${folder}/medkit.db`)
  store = createStore(database, clock)
  notifier = createNotifier()
  now = Date.UTC(2026, 0, 1)
})

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

describe('After an hour without the vendor', () => {
  it('ten thousand messages arrive in order, without the vendor being stampeded or memory growing', {
    timeout: 400_000,
  }, async () => {
    const vendor = createVendor()
    const game = gameOf(vendor.vendor)
    await queue(game)
    const worker = createWorker(game)

    const heapBefore = heap()
    for (let minute = 0; minute < 60; minute++) {
      now += minuteMs
      await worker.deliverDue()
    }
    expect(vendor.calls()).toBeLessThan(60 * 2)
    expect(heap() - heapBefore).toBeLessThan(20)

    vendor.comeBack()
    const rounds = await deliverAll(worker)
    expect(vendor.said.size).toBe(tickets)
    for (const said of vendor.said.values())
      expect(said).toEqual(Array.from({ length: repliesEach + 1 }, (_, n) => `m${n}`))
    // One probe, then twice as many each time they were answered, and never more than eight.
    expect(rounds.slice(0, 4)).toEqual([1, 2, 4, 8])
    expect(vendor.mostAtOnce()).toBeLessThanOrEqual(8)
    expect(heap() - heapBefore).toBeLessThan(40)
  })
})

async function queue(game: LiveGame): Promise<void> {
  const accept = createAccept({ store, clock, notifier, opens: { known: () => true }, pseudonymOf: () => 'pseudonym' })
  await Promise.all(
    Array.from({ length: tickets }, async (_, n) => {
      const player = playerOf(n)
      const write = { player, game }
      const ticket = await accept.opening({ ...write, idempotencyKey: `t${n}` }, { message: 'm0', language: 'en' })
      for (let m = 1; m <= repliesEach; m++)
        await accept.reply({ ...write, idempotencyKey: `t${n}m${m}` }, ticket.id, { message: `m${m}` })
    }),
  )
}

/** @returns how many were tried in each round */
async function deliverAll(worker: DeliveryWorker): Promise<number[]> {
  const rounds: number[] = []
  for (let idle = 0; idle < 3; ) {
    now += 10 * minuteMs
    const tried = await worker.deliverDue()
    if (tried > 0) rounds.push(tried)
    idle = tried === 0 ? idle + 1 : 0
  }
  return rounds
}

function createWorker(game: LiveGame): DeliveryWorker {
  const log = createLog({ level: 'silent', secrets: new Set() })
  const filesOf = async () => ({ files: [], absent: [] })
  const games = new Map([[game.key, game]])
  const metrics = createMetrics()
  const copies = createCopies({ store, timers, games, log, metrics })
  return createDeliveryWorker({ store, clock, timers, notifier, games, copies, filesOf, log, metrics })
}

/** Answers only after it has come back, and keeps what it was told by ticket. */
function createVendor() {
  const said = new Map<string, string[]>()
  let isBack = false
  let calls = 0
  let atOnce = 0
  let mostAtOnce = 0

  async function answer<T>(take: () => T): Promise<T> {
    calls++
    if (!isBack) throw new VendorError('unreachable', 'away')
    atOnce++
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    await new Promise((resolve) => setImmediate(resolve))
    atOnce--
    return take()
  }

  const vendor: Vendor = {
    kind: 'away',
    can,
    once: { open: 'marked', reply: 'marked' },
    open: ({ number, message }) =>
      answer(() => {
        said.set(number, [message])
        return { vendorTicketId: number as VendorTicketId }
      }),
    reply: ({ number, message }) =>
      answer(() => {
        said.get(number)?.push(message)
        return {}
      }),
  }
  return { vendor, said, calls: () => calls, mostAtOnce: () => mostAtOnce, comeBack: () => (isBack = true) }
}

const can: Can = {
  open: true,
  reply: 'thread',
  reopen: false,
  close: false,
  answers: 'email',
  attachments: false,
  history: 'relay',
  deletion: 'request',
  rating: false,
  push: 'poll',
}

function gameOf(vendor: Vendor): LiveGame {
  const config = {
    name: 'Away',
    origins: [],
    languages: ['en' as const],
    players: { anonymous: true, email: false, proofOfWork: false as const },
    form: { categories: [] },
    attachments: false as const,
    theme: {},
    vendor: { kind: 'desk' as const, token: 'unused here', settleSeconds: 0 },
  }
  return { key: 'away', config, vendor, can: { ...can, answers: 'thread' } }
}

function playerOf(n: number): Identity {
  const subject = `anon:${n}`
  const expiresAt = new Date(now + 3_600_000)
  return {
    key: playerKey('away', subject),
    game: 'away',
    subject,
    kind: 'anonymous',
    signed: {},
    expiresAt,
    isRemembered: false,
  }
}

/** Megabytes still in use once what is not has been collected. */
function heap(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed / 1_048_576
}
