/** SIGTERM: a relay finishes or gives back what it holds, and ends well; the next one takes up the work at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startRelayProcess } from '../crash/relay-process.ts'
import { until } from '../fixtures/wait.ts'
import type { VendorSimulator } from '../simulators/simulator.ts'
import { startThenaSimulator } from '../simulators/thena/simulator.ts'

let folder: string
let config: string
let vendor: VendorSimulator

/** @param drain - what the configuration has to say about it */
async function configure(drain: object): Promise<void> {
  const games = { drain: { name: 'Drain', players: { anonymous: true }, vendor: vendor.config } }
  const places = { store: `sqlite:${folder}/medkit.db`, files: `file:${folder}/files` }
  const secret = 'a secret of the drain test, long enough'
  await writeFile(config, JSON.stringify({ listen: { port: 0 }, ...places, secret, drain, games }))
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-drain-'))
  config = join(folder, 'relay.json')
  vendor = await startThenaSimulator()
  await configure({})
})

afterEach(async () => {
  await vendor.close()
  await rm(folder, { recursive: true, force: true })
})

const start = () => startRelayProcess(config, join(folder, 'code'))
const holding = () => vendor.tickets().filter(({ lines }) => lines.some((line) => line.includes('held up')))

describe('A relay that is asked to end', () => {
  it('ends its streams, gives back a delivery the vendor holds up, exits 0, and the next one delivers it once', {
    timeout: 120_000,
  }, async () => {
    const first = start()
    const address = await first.ready
    const session = await fetch(`${address}/v1/sessions`, {
      method: 'POST',
      body: JSON.stringify({ game: 'drain', kind: 'anonymous' }),
    })
    const { token } = (await session.json()) as { token: string }
    const headers = { authorization: `Bearer ${token}` }
    const stream = await fetch(`${address}/v1/events`, { headers })
    const ended = stream.text().catch(() => 'cut')

    vendor.misbehave('hang', 1, vendor.calls.open)
    const body = JSON.stringify({ message: 'held up', language: 'en' })
    const opened = await fetch(`${address}/v1/tickets`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'one' },
      body,
    })
    expect(opened.status).toBe(201)
    await until(() => vendor.received.some(({ call }) => call === vendor.calls.open), 'the vendor is asked')

    // Past its patience the process ends itself with another code: 0 says that it drained.
    expect(await first.terminate()).toBe(0)
    expect(await ended).not.toBe('cut')
    await expect(fetch(`${address}/healthz`)).rejects.toThrow()

    const second = start()
    await second.ready
    await until(() => holding().length > 0, 'the vendor has it')
    expect(holding()).toHaveLength(1)
    expect(await second.terminate()).toBe(0)
    expect(holding()).toHaveLength(1)
  })

  it('says first that it is not ready, and ends after the pause', async () => {
    await configure({ pauseSeconds: 8 })
    const relay = start()
    const address = await relay.ready
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
    const ended = relay.terminate()
    await until(async () => (await fetch(`${address}/readyz`)).status === 503, 'it is not ready any more')
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    expect(await ended).toBe(0)
  })

  it('makes nobody wait who sits before it', async () => {
    await configure({ pauseSeconds: 600 })
    const relay = start()
    await relay.ready
    expect(await relay.interrupt()).toBe(0)
  })
})
