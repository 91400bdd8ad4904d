/** A bounded closed-loop load from one process: so many connections, each sending its next request when the last is answered. */
import { Agent, request } from 'node:http'

export interface Load {
  url: string
  connections: number
  requests: number
  /** The n-th request. */
  make: (n: number) => { path: string; headers: Record<string, string>; body: string }
  expect: number
}

export interface Measured {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

export async function measure(load: Load): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections })
  const times: number[] = []
  let next = 0
  async function client(): Promise<void> {
    while (next < load.requests) {
      const began = performance.now()
      await send(agent, load, next++)
      times.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: load.connections }, client))
  const seconds = (performance.now() - began) / 1_000
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { perSecond: load.requests / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function send(agent: Agent, load: Load, n: number): Promise<void> {
  const { path, headers, body } = load.make(n)
  return new Promise((resolve, reject) => {
    const sent = request(`${load.url}${path}`, {
      method: 'POST',
      agent,
      headers: { 'content-length': Buffer.byteLength(body), ...headers },
    })
    sent.once('response', (response) => {
      response.resume().once('end', resolve)
      if (response.statusCode !== load.expect) reject(new Error(`answered ${response.statusCode}`))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
