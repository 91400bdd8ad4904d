/** One relay of a history: the product's own parts, put together on a process of which anything may become. */

import type { Games, LiveGame } from '../../server/config/games.ts'
import type { Files } from '../../server/files/files.ts'
import { createHousekeeping } from '../../server/housekeeping.ts'
import { createInactivePlayers } from '../../server/players/inactive.ts'
import { createLastSeen } from '../../server/players/last-seen.ts'
import type { Log } from '../../server/runtime/log.ts'
import type { Metrics } from '../../server/runtime/metrics.ts'
import { createNotifier } from '../../server/store/notifier.ts'
import type { Store } from '../../server/store/store.ts'
import { type Accept, createAccept } from '../../server/tickets/accept.ts'
import { createCanOpen } from '../../server/tickets/can-open.ts'
import { type Change, createChange } from '../../server/tickets/change.ts'
import { createCopies } from '../../server/tickets/delivery/duplicates.ts'
import { createDeliveryWorker } from '../../server/tickets/delivery/worker.ts'
import { createDeletions, type Deletions } from '../../server/tickets/erasure/requests.ts'
import { createErasures } from '../../server/tickets/erasure/worker.ts'
import type { AskOfGame } from '../../server/tickets/sync/ask.ts'
import { storeOf } from './ledger.ts'
import type { Process } from './process.ts'
import type { Chance } from './random.ts'
import { createModelVendor, type Site } from './vendor.ts'
import type { World } from './world.ts'

export interface SimulatedRelay {
  process: Process
  store: Store
  games: Games
  accept: Accept
  change: Change
  deletions: Deletions
  /** One round of what has to be done now and then. */
  sweep: () => Promise<void>
}

export interface RelayParts {
  world: World
  process: Process
  store: Store
  files: Files
  retentionMs: number
  /** How long an erasure can be withdrawn; undefined where nobody asks for one. */
  graceMs: number | undefined
  /** How long the ledger takes to answer. */
  ledgerMs: () => number
  sites: readonly Site[]
  chance: Chance
  log: Log
  metrics: Metrics
}

const dayMs = 86_400_000
const hourMs = 3_600_000

/** Whether a player can open a ticket is never asked there. */
const ask: AskOfGame = async () => undefined
const pseudonymOf = (game: string, subject: string) => `${game}-${subject}`

/** A relay that is killed is merely left alone: its timers never fire again, and no answer reaches it. */
export function startRelay(parts: RelayParts): SimulatedRelay {
  const { world, process, sites, chance, log, metrics } = parts
  const { clock, timers } = process
  const store = storeOf(noteTaken(parts), process, parts.ledgerMs)
  const notifier = createNotifier()
  const games: Games = new Map(sites.map((site) => [site.game, liveGame(world, process, site)]))
  const filesOf = async () => ({ files: [], absent: [] })
  const copies = createCopies({ store, timers, games, log, metrics })
  const { next: random } = chance
  const delivery = createDeliveryWorker({
    store,
    clock,
    timers,
    notifier,
    games,
    copies,
    filesOf,
    log,
    metrics,
    random,
  })
  delivery.start()
  copies.start()
  const removeFile = async () => undefined
  if (parts.graceMs !== undefined) createErasures({ store, clock, timers, notifier, games, log, removeFile }).start()
  world.tell(process.name, () => 'starts')
  return {
    process,
    store,
    games,
    accept: createAccept({
      store,
      clock,
      notifier,
      opens: createCanOpen({ clock, ask, log, pseudonymOf }),
      pseudonymOf,
    }),
    change: createChange({ store, clock, notifier }),
    deletions: createDeletions({ store, clock, notifier, graceHours: (parts.graceMs ?? 0) / hourMs }),
    sweep: createSweep({ ...parts, store }),
  }
}

/** The answer may be seconds on its way; what counts is when the ledger gave a message out. */
function noteTaken({ world, process, store, sites }: RelayParts): Store {
  const claim: Store['deliveries']['claim'] = async (how) => {
    const at = world.now()
    const rows = await store.deliveries.claim(how)
    for (const { game, mark } of rows) sites.find((site) => site.game === game)?.taken.push({ mark, by: process, at })
    return rows
  }
  return { ...store, deliveries: { ...store.deliveries, claim } }
}

function createSweep({ store, process, files, log, retentionMs }: RelayParts) {
  const { clock } = process
  const { sweep } = createHousekeeping({
    store,
    clock,
    files,
    merging: { sweep: async () => undefined },
    leave: createInactivePlayers({ store, clock, lastSeen: createLastSeen({ store, clock }) }),
    log,
    retentionDays: retentionMs / dayMs,
    sweepOrphans: async () => undefined,
  })
  return sweep
}

function liveGame(world: World, process: Process, site: Site): LiveGame {
  const vendor = createModelVendor({ world, process, site })
  return { key: site.game, config: site.kind.config, vendor, can: { ...vendor.can, attachments: false } }
}
