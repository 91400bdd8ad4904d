/** What an operator can watch, in Prometheus' words. Labels are games, vendors and codes: never players. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** Of one game; `oldest` in milliseconds since 1970. */
interface OutboxCount {
  game: string
  state: 'waiting' | 'stuck'
  count: number
  oldest: number
}

export type Metrics = ReturnType<typeof createMetrics>

/** How often it is looked whether the event loop is late. Twice as often costs an idle relay as much again as all else it does. */
const lagPrecisionMs = 20

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'medkit_', eventLoopMonitoringPrecision: lagPrecisionMs })
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'medkit_requests_total',
      help: 'Player API calls by route and status',
      labelNames: ['route', 'status'],
      registers,
    }),
    delivered: new Counter({
      name: 'medkit_deliveries_total',
      help: 'Attempts to deliver to the vendor, by outcome',
      labelNames: ['game', 'operation', 'outcome'],
      registers,
    }),
    hidden: new Counter({
      name: 'medkit_hidden_total',
      help: 'Things a vendor returned that are on no allow-list and were not shown',
      labelNames: ['vendor', 'what'],
      registers,
    }),
    drift: new Counter({
      name: 'medkit_vendor_drift_total',
      help: 'Answers of a vendor that do not fit what its document promises',
      labelNames: ['vendor', 'what'],
      registers,
    }),
    duplicates: new Counter({
      name: 'medkit_duplicates_total',
      help: 'Messages that were found at the vendor a second time',
      labelNames: ['game'],
      registers,
    }),
    asked: new Counter({
      name: 'medkit_vendor_asked_total',
      help: 'Calls to a vendor account to see what is new, by the first of its games',
      labelNames: ['game'],
      registers,
    }),
    vendorOut: new Gauge({
      name: 'medkit_vendor_out',
      help: '1 while a vendor takes nothing and is merely probed',
      labelNames: ['game'],
      registers,
    }),
    wrongDeskTokens: new Counter({
      name: 'medkit_desk_wrong_tokens_total',
      help: 'Tokens shown at the agents’ desk that open no game',
      registers,
    }),
    shed: new Counter({
      name: 'medkit_shed_total',
      help: 'Requests put off because the event loop was behind, by what they cost; any: because too many waited already',
      labelNames: ['cost'],
      registers,
    }),
    streams: new Gauge({ name: 'medkit_streams', help: 'Open event streams', registers }),
  }
}

/** What waits and what is stuck, counted in the ledger whenever somebody asks for the metrics: once for all gauges. */
export function addOutboxGauges(
  { registry }: Pick<Metrics, 'registry'>,
  counts: () => Promise<OutboxCount[]>,
  now: () => Date,
): void {
  let counting: Promise<OutboxCount[]> | undefined

  function counted(): Promise<OutboxCount[]> {
    counting ??= counts()
      .catch(() => [])
      .finally(() => {
        counting = undefined
      })
    return counting
  }

  function add(name: string, help: string, state: OutboxCount['state'], measure: (of: OutboxCount) => number): void {
    new Gauge({
      name,
      help,
      labelNames: ['game'],
      registers: [registry],
      async collect() {
        const rows = (await counted()).filter((row) => row.state === state)
        this.reset()
        for (const row of rows) this.set({ game: row.game }, measure(row))
      },
    })
  }

  const count = (row: OutboxCount) => row.count
  add('medkit_outbox_waiting', 'Deliveries that wait for their vendor or are on their way', 'waiting', count)
  add('medkit_outbox_stuck', 'Deliveries that are parked: `medkit outbox` lists them', 'stuck', count)
  add(
    'medkit_outbox_oldest_seconds',
    'For how long the oldest delivery that is not parked has waited',
    'waiting',
    ({ oldest }) => Math.max(0, (now().getTime() - oldest) / 1000),
  )
}

/** How far behind reading is at the accounts that this relay reads. */
export function addReadingGauge(
  { registry }: Pick<Metrics, 'registry'>,
  behind: () => { game: string; awaitedMs: number; oldMs: number }[],
): void {
  new Gauge({
    name: 'medkit_reading_behind_seconds',
    help: 'For how long tickets that should have been read at the vendor by now have waited: those that somebody may wait for, and old ones. Only on the relay that reads',
    labelNames: ['game', 'tickets'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { game, awaitedMs, oldMs } of behind()) {
        this.set({ game, tickets: 'awaited' }, awaitedMs / 1_000)
        this.set({ game, tickets: 'old' }, oldMs / 1_000)
      }
    },
  })
}

/** What vendors still hold of erased players because neither they nor their studio could be asked: the log names it. */
export function addErasureGauge(
  { registry }: Pick<Metrics, 'registry'>,
  unasked: () => Promise<{ game: string; count: number }[]>,
): void {
  new Gauge({
    name: 'medkit_erasures_unasked',
    help: 'Vendor tickets of erased players that nobody could be asked to erase: the log names them',
    labelNames: ['game'],
    registers: [registry],
    async collect() {
      const rows = await unasked().catch(() => [])
      this.reset()
      for (const { game, count } of rows) this.set({ game }, count)
    },
  })
}

/** What files take that wait for a message, and what is left on the disks that are the relay's own. */
export function addStorageGauges(
  { registry }: Pick<Metrics, 'registry'>,
  waiting: () => Promise<{ game: string; bytes: number }[]>,
  free: () => Promise<Record<string, number>>,
): void {
  const registers = [registry]
  new Gauge({
    name: 'medkit_files_waiting_bytes',
    help: 'Bytes announced or here that no delivered message carries yet',
    labelNames: ['game'],
    registers,
    async collect() {
      const rows = await waiting().catch(() => [])
      this.reset()
      for (const { game, bytes } of rows) this.set({ game }, bytes)
    },
  })
  new Gauge({
    name: 'medkit_free_bytes',
    help: 'Bytes free on the disk of the files, and on that of the ledger, where they are the relay’s own',
    labelNames: ['disk'],
    registers,
    async collect() {
      this.reset()
      for (const [disk, bytes] of Object.entries(await free())) this.set({ disk }, bytes)
    },
  })
}
