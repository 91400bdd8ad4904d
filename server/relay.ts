/** Puts the parts of a relay together. `main.ts` and the tests start one the same way. */
import type { Hono } from 'hono'
import type { Kysely } from 'kysely'
import type { Config, GameConfig } from './config/config.ts'
import { createGames, type Games } from './config/games.ts'
import { createDeskLedger, type DeskTables, migrateDesk } from './desk/ledger.ts'
import { createDeskSignIn, type DeskGuesses } from './desk/sign-in.ts'
import { createCapacity } from './events/capacity.ts'
import { createStreams } from './events/streams.ts'
import { createAnnounce } from './files/announce.ts'
import { isKeptName } from './files/disk.ts'
import { responseFor } from './files/download.ts'
import { createFiles, folderOf } from './files/files.ts'
import { createInspection } from './files/inspection.ts'
import { createLinks, type Links } from './files/links.ts'
import { createOrphanSweep } from './files/orphans.ts'
import { createQuota, type FreeBytesOf } from './files/quota.ts'
import { createScanner } from './files/scan.ts'
import { createHousekeeping } from './housekeeping.ts'
import { type App, createApp } from './http/app.ts'
import type { Bindings } from './http/call.ts'
import { createEventStreams } from './http/event-stream.ts'
import { addressAt, type Listening, listen, type Timeouts } from './http/listen.ts'
import { createLoad } from './http/load.ts'
import { createOrigins } from './http/origins.ts'
import { createReadiness } from './http/readiness.ts'
import { attachmentRoutes, createUploadHandler } from './http/routes/attachments.ts'
import { challengeRoutes } from './http/routes/challenges.ts'
import { deletionRoutes } from './http/routes/deletion-requests.ts'
import { eventRoutes } from './http/routes/events.ts'
import { exportRoutes } from './http/routes/export.ts'
import { gameRoutes } from './http/routes/games.ts'
import { sessionRoutes } from './http/routes/sessions.ts'
import { ticketRoutes } from './http/routes/tickets.ts'
import type { BrowserFiles } from './http/static-files.ts'
import { createInactivePlayers } from './players/inactive.ts'
import { keptNameKeys } from './players/name-keys.ts'
import { createPlayers } from './players/players.ts'
import { createReceiptSigner } from './receipts/signing.ts'
import { type Clock, systemClock, systemTimers, type Timers } from './runtime/clock.ts'
import type { RelaySecrets } from './runtime/derived-keys.ts'
import { createFairQueue } from './runtime/fair-queue.ts'
import type { Log } from './runtime/log.ts'
import {
  addErasureGauge,
  addOutboxGauges,
  addReadingGauge,
  addStorageGauges,
  createMetrics,
} from './runtime/metrics.ts'
import { keepFilesToOwner } from './runtime/owner-only.ts'
import { randomId } from './runtime/random.ts'
import { type Database, openDatabase } from './store/database.ts'
import { createNotifier } from './store/notifier.ts'
import { createStore } from './store/store.ts'
import { createAccept } from './tickets/accept.ts'
import { createAdopt } from './tickets/adopt.ts'
import { createCanOpen } from './tickets/can-open.ts'
import { createChange } from './tickets/change.ts'
import { createCopies } from './tickets/delivery/duplicates.ts'
import { createPayloadFiles } from './tickets/delivery/payload-files.ts'
import { createDeliveryWorker } from './tickets/delivery/worker.ts'
import { createReceiptOf } from './tickets/erasure/receipt.ts'
import { createDeletions } from './tickets/erasure/requests.ts'
import { createErasures } from './tickets/erasure/worker.ts'
import { createSync } from './tickets/sync/sync.ts'
import type { VendorParts } from './vendors/parts.ts'
import { loadVendors } from './vendors/registry.ts'
import { createTags } from './vendors/text/agent-note.ts'
import type { Vendor } from './vendors/vendor.ts'

export interface RelayOptions {
  config: Config
  /** 32 bytes or more each: sign what the relay issues. */
  secrets: RelaySecrets
  log: Log
  browserFiles: BrowserFiles
  clock?: Clock
  timers?: Timers
  /** How long it waits for clients. */
  timeouts?: Partial<Timeouts>
  /** How much is free on a disk. Default: what the system says. */
  freeBytesOf?: FreeBytesOf | undefined
  /** A studio's own adapter in place of the configured vendor; where it answers undefined, the configured one stands. */
  vendorOf?: (game: string, config: GameConfig, parts: VendorParts) => Vendor | undefined
}

export interface Relay {
  app: App
  games: Games
  /** @returns the address it listens on, e.g. `http://127.0.0.1:8787` */
  listen: () => Promise<string>
  /**
   * Says that it is not ready any more, and goes on as ever for `pauseMs` (default 0), so that whoever sends players here
   * can notice. Then it stops accepting, finishes or gives back what is in hand, and closes the ledger.
   */
  close: (options?: { pauseMs: number }) => Promise<void>
}

const closeIdleMs = 20
/** Of work that grows with what a player has written: more at once would not be done sooner. */
const replaysAtOnce = 4
/** How long a relay that ends lets players go on fetching what they have begun to. */
const lastBytesMs = 6_000

/**
 * Opens the ledger and the files and starts the workers; nothing listens yet.
 *
 * @throws StoreUnavailable
 */
export async function createRelay({
  config,
  secrets,
  log,
  browserFiles,
  clock = systemClock,
  timers = systemTimers,
  vendorOf,
  timeouts,
  freeBytesOf,
}: RelayOptions): Promise<Relay> {
  let address = addressAt(config.listen.host, config.listen.port)
  const baseOf = (request: Request) => config.publicUrl ?? new URL(request.url).origin
  const metrics = createMetrics()
  const database = await openDatabase(config.store, log)
  const store = createStore(database, clock)
  const load = createLoad(timers, metrics.shed)
  addOutboxGauges(metrics, store.deliveries.counts, clock.now)
  addErasureGauge(metrics, store.erasures.unasked)
  const room = createQuota({ ...config, secrets, log, freeBytesOf })
  addStorageGauges(metrics, store.attachments.waiting, room.free)
  const readiness = createReadiness({ store, timers })
  const notifier = createNotifier()
  const files = await createFiles(config.files, { credentials: config.s3, spoolFolder: config.s3?.spool })
  const filesFolder = config.sharedFiles ? undefined : folderOf(config.files)
  if (filesFolder !== undefined) await keepFilesToOwner(filesFolder, isKeptName, log)
  const desk = await openDesk(database)
  const nameKeys = await keptNameKeys(store, secrets)
  const vendorParts = {
    clock,
    tagOf: createTags(nameKeys.note),
    desk: { files: files.blobs, ledger: desk },
    onDrift: (vendor: string, what: string) => {
      metrics.drift.inc({ vendor, what })
      log.warn({ vendor, what }, 'a vendor’s answer does not fit its document')
    },
    onHidden: (vendor: string, what: string) => metrics.hidden.inc({ vendor, what }),
  }
  const createVendor = await loadVendors(Object.values(config.games).map(({ vendor }) => vendor.kind))
  const games = createGames(
    config,
    (key, game) => vendorOf?.(key, game, vendorParts) ?? createVendor(key, game.vendor, vendorParts),
  )
  for (const { key, config, vendor, can } of games.values()) {
    if (vendor.lacks) log.warn({ game: key }, vendor.lacks)
    if (config.attachments && vendor.can.attachments && !can.attachments)
      log.warn({ game: key }, 'players can attach nothing: the vendor takes none of the types in attachments.types')
  }
  const ledgerId = await store.facts.keep('id', randomId)
  const players = createPlayers({ config, secrets, nameKeys, store, clock, notifier, games, log })
  const { identify, limits, addressOf, proofs, pseudonymOf, merging, lastSeen } = players
  const copies = createCopies({ store, timers, games, log, metrics })
  const sync = createSync({ store, clock, timers, notifier, games, copies, log, metrics })
  addReadingGauge(metrics, sync.behind)
  const capacity = createCapacity(config.streams)
  const replays = createFairQueue(replaysAtOnce)
  const streams = createStreams({ store, clock, notifier, games, sync, log, metrics, capacity, replays })
  const opens = createCanOpen({ clock, ask: sync.ask, log, pseudonymOf })
  const accept = createAccept({ store, clock, notifier, opens, pseudonymOf })
  const adopt = createAdopt({ store, clock, notifier, copies, ask: sync.ask, log, pseudonymOf })
  const links: Links = {
    sign: (id, lifetimeSeconds) => linksAt(config.publicUrl ?? address).sign(id, lifetimeSeconds),
    verify: (url) => linksAt(config.publicUrl ?? address).verify(url),
  }
  const linksAt = (publicUrl: string) => createLinks({ secrets, publicUrl, clock: () => clock.now().getTime() })
  const filesOf = createPayloadFiles({ store, clock, notifier, files, links })
  const scanner = config.scanner && createScanner(config.scanner)
  const inspection = createInspection({ store, clock, notifier, games, files, scanner, log })
  const origins = createOrigins(games, baseOf)
  const delivery = createDeliveryWorker({ store, clock, timers, notifier, games, copies, filesOf, log, metrics })
  const deletions = createDeletions({ store, clock, notifier, graceHours: config.deletionGraceHours })
  const signer = await createReceiptSigner(secrets)
  const issuer = () => config.publicUrl ?? address
  const receiptOf = createReceiptOf({ store, games, signer, issuer })
  const erasures = createErasures({ store, clock, timers, notifier, games, log, removeFile: files.blobs.remove })
  const sweepOrphans = createOrphanSweep({ ledgerId, store, clock, files, log, ofDesk: desk.filesAmong })
  const housekeeping = createHousekeeping({
    store,
    clock,
    files,
    merging,
    leave: createInactivePlayers({ store, clock, lastSeen }),
    log,
    retentionDays: config.retentionDays,
    sweepOrphans,
  })
  /** The agents' pages are there where a game uses the desk, and nowhere else. */
  async function deskPages(): Promise<Hono | undefined> {
    const tokens = deskTokens(config)
    if (tokens.size === 0) return undefined
    const { createDeskPages } = await import('./desk/pages.ts')
    const guesses: DeskGuesses = {
      wrong: async (address) => {
        metrics.wrongDeskTokens.inc()
        log.warn({ address }, 'a wrong token at the desk')
        await limits.spend('desk', { address })
      },
      waitSeconds: async (address) => {
        const spent = await limits.spend('desk', { address }, 0)
        return spent.ok ? 0 : spent.retryAfterSeconds
      },
    }
    return createDeskPages({
      door: createDeskSignIn({ tokens, ledger: desk, clock, guesses }),
      addressOf: (context) => addressOf(context.req.raw, context.env as Bindings),
      ledger: desk,
      files: files.blobs,
      clock,
      onChange: (game, id) => void sync.hint(game, id),
      download: responseFor,
    }) as unknown as Hono
  }

  const announce = createAnnounce({ store, clock, files, room, log })
  const eventStreams = createEventStreams()
  const app = createApp({
    handlers: {
      ...gameRoutes(games, opens, origins),
      ...sessionRoutes({ ...players, store, clock, notifier, games, origins }),
      ...challengeRoutes({ proofs, games, origins }),
      ...ticketRoutes({ store, accept, change: createChange({ store, clock, notifier }), sync, adopt, proofs }),
      ...attachmentRoutes({ store, files, announce, proofs, baseOf }),
      ...deletionRoutes(deletions, receiptOf, adopt),
      ...exportRoutes({ store, clock, sync, adopt, replays }),
      ...eventRoutes(streams, eventStreams),
    },
    eventStreams,
    upload: createUploadHandler({ store, files, inspection }),
    identify,
    games,
    origins,
    limits,
    load,
    addressOf,
    readiness,
    store,
    files,
    links,
    sync,
    browserFiles,
    keySet: signer.keySet,
    desk: await deskPages(),
    isDemo: config.demo,
    log,
    metrics,
    publicUrl: config.publicUrl,
    baseOf,
  })

  let server: Listening | undefined
  load.start()
  delivery.start()
  copies.start()
  inspection.start()
  housekeeping.start()
  erasures.start()

  return {
    app,
    games,
    listen: async () => {
      server = await listen({ fetch: app.fetch, ...config.listen, timeouts })
      address = server.address
      return address
    },
    close: async ({ pauseMs } = { pauseMs: 0 }) => {
      readiness.end()
      if (pauseMs > 0) await new Promise<void>((resolve) => timers.after(pauseMs, resolve))
      // Before the door is closed: the server no longer knows of their connections.
      streams.stop()
      const closed = server?.close()
      const cutting = setTimeout(() => server?.cut(), lastBytesMs)
      await files.endUploads()
      load.stop()
      await sync.stop()
      await erasures.stop()
      await housekeeping.stop()
      await delivery.stop()
      await copies.stop()
      await inspection.stop()
      // A connection that is just ending its answer is idle a moment later.
      const closing = setInterval(() => server?.closeIdle(), closeIdleMs)
      await closed
      clearInterval(closing)
      clearTimeout(cutting)
      await players.close()
      await files.close()
      await database.close()
    },
  }
}

async function openDesk(database: Database) {
  // The desk shares the database and knows only its own tables. They are there without a desk as well: whoever sweeps
  // files has to know those of a desk that was taken out of the configuration.
  const db = database.db as unknown as Kysely<DeskTables>
  await migrateDesk(db)
  return createDeskLedger(db)
}

function deskTokens(config: Config): Map<string, string> {
  const tokens = new Map<string, string>()
  for (const [game, { vendor }] of Object.entries(config.games))
    if (vendor.kind === 'desk') tokens.set(game, vendor.token)
  return tokens
}
