/** What an operator can watch, in Prometheus' words. Labels are games, vendors and codes: never players. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'medkit_' })
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
    streams: new Gauge({ name: 'medkit_streams', help: 'Open event streams', registers }),
  }
}
