/** How long a thousand listeners wait for a change that concerns all of them, against a bare loop of writes. */
import { join } from 'node:path'
import { type Listeners, listen } from './listeners.ts'
import { type Result, resultOf } from './result.ts'
import { type Server, startServer } from './server.ts'

const listeners = 1_000
const rounds = 7

export async function benchFanOut(folder: string): Promise<Result[]> {
  const servers = {
    relay: await startServer('test/bench/fan-out-server.ts', [join(folder, 'fan-out.db'), String(listeners)]),
    bare: await startServer('test/bench/bare-streams.ts', []),
  }
  const requestOf = (n: number) => ({ path: `/v1/events?player=p${n}` })
  const lines = {
    relay: await listen(servers.relay.url, listeners, requestOf),
    bare: await listen(servers.bare.url, listeners, requestOf),
  }
  const waits: { relay: number[]; bare: number[] } = { relay: [], bare: [] }
  // The first is to warm up.
  for (let round = 0; round <= rounds; round += 1)
    for (const name of ['relay', 'bare'] as const) {
      const wait = await slowest(servers[name], lines[name])
      if (round > 0) waits[name].push(wait)
    }
  for (const name of ['relay', 'bare'] as const) {
    lines[name].close()
    await servers[name].stop()
  }
  return [
    resultOf(`one change to ${listeners} streams, p99, of a bare loop of writes`, waits.relay, waits.bare, {
      most: 5,
      unit: 'ms',
    }),
  ]
}

/** @returns after how many milliseconds 99 in 100 had heard */
async function slowest({ url }: Server, lines: Listeners): Promise<number> {
  const hearing = lines.heard()
  const at = Number(await (await fetch(`${url}/go`, { method: 'POST' })).text())
  const waits = (await hearing).map((heardAt) => heardAt - at).sort((one, other) => one - other)
  return waits[Math.floor(waits.length * 0.99)] ?? Number.NaN
}
