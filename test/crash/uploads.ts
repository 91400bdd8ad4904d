/**
 * Breaks off uploads at random points (the relay by SIGKILL, the player's line, the vendor's line while it receives) and
 * then compares what was sent with what the vendors hold.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { png } from '../fixtures/sample-files.ts'
import { startI3dSimulator } from '../simulators/i3d/simulator.ts'
import type { VendorSimulator } from '../simulators/simulator.ts'
import { startTheymesSimulator } from '../simulators/theymes/simulator.ts'
import { type Cutter, startCutter } from './cutter.ts'
import { startRelayProcess } from './relay-process.ts'
import { createSender, type Sender, type SentFile } from './sender.ts'

export interface UploadsResult {
  /** How often each of the three was cut. */
  cuts: { relay: number; network: number; vendor: number }
  /** Cuts in the middle of a request with bytes. */
  inTheMiddle: number
  files: number
  /** Files that had to begin again behind what had been confirmed. */
  startedOver: string[]
  /** Files that no vendor has, has otherwise, or has twice. */
  lost: string[]
  changed: string[]
  doubled: string[]
  violations: string[]
}

const fileBytes = 3_000_000
const drainMs = 90_000

/** @param rounds - of one cut each: relay, player's line, vendor's line */
export async function breakUploads(rounds: number): Promise<UploadsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-uploads-'))
  const [theymes, i3d] = [await startTheymesSimulator(), await startI3dSimulator()]
  const line = await startCutter(i3d.url)
  const vendors = { theymes: theymes.config, i3d: { ...i3d.config, baseUrl: line.url } }
  const config = join(folder, 'relay.json')
  await writeFile(config, JSON.stringify(relayConfig(folder, vendors)))

  let address: string | undefined
  let isOver = false
  const start = async () => {
    const relay = startRelayProcess(config, join(folder, 'code'))
    address = await relay.ready
    return relay
  }
  let relay = await start()
  const senders = Object.keys(vendors).map((game) => createSender({ game, address: () => address }))
  const sent: SentFile[] = []
  const work = senders.map(async (sender, index) => {
    for (let n = 0; !isOver || n === 0; n++) {
      const bytes = Buffer.concat([png(), randomBytes(fileBytes)])
      sent.push(await sender.send(`f${index}n${n}.png`, bytes))
    }
  })

  const result = { relay: 0, network: 0, vendor: 0 }
  let inTheMiddle = 0
  for (let round = 0; round < rounds; round++) {
    await untilSending(senders)
    inTheMiddle += senders.some(({ isSending }) => isSending()) ? 1 : 0
    address = undefined
    await relay.kill()
    result.relay++
    relay = await start()
    await untilSending(senders)
    const wasCut = senders.map(({ cut }) => cut()).filter(Boolean).length
    inTheMiddle += wasCut
    result.network += wasCut
    result.vendor += await cutVendor(line, theymes)
  }
  isOver = true
  await Promise.all(work)
  const verdict = await judge(sent, [theymes, i3d])
  await relay.terminate()
  await Promise.all([line.close(), theymes.close(), i3d.close()])
  await rm(folder, { recursive: true, force: true })
  // That a request broke off is what was done to it.
  const violations = [...theymes.violations, ...i3d.violations].filter((what) => !what.includes('Error: aborted'))
  const startedOver = sent.filter((file) => file.startedOver).map(({ name }) => name)
  return { cuts: result, inTheMiddle, files: sent.length, startedOver, violations, ...verdict }
}

/** To somewhere in the middle of a file, unless all of them have just been sent. */
async function untilSending(senders: readonly Sender[]): Promise<void> {
  const giveUpAt = Date.now() + 2_000
  while (!senders.some(({ isSending }) => isSending()) && Date.now() < giveUpAt) await pause(5)
  await pause(randomInt(0, 120))
}

/** Waits a little for the vendor to be in the middle of something; the other one breaks off by itself. */
async function cutVendor(line: Cutter, theymes: VendorSimulator): Promise<number> {
  theymes.misbehave('reset', 1, 'PUT /uploads/:attachmentId')
  for (let tries = 0; tries < 50; tries++) {
    if (line.cut()) return 2
    await pause(5)
  }
  return 1
}

async function judge(sent: readonly SentFile[], vendors: readonly VendorSimulator[]) {
  const held = () => vendors.flatMap((vendor) => vendor.tickets().flatMap(({ files }) => [...files]))
  const isThere = ({ name }: SentFile) => held().some(({ fileName }) => fileName === name)
  const began = Date.now()
  while (!sent.every(isThere) && Date.now() - began < drainMs) await pause(200)
  const files = held()
  return {
    lost: sent.filter((file) => !isThere(file)).map(({ name }) => name),
    changed: files
      .filter(({ fileName, bytes }) => sent.find(({ name }) => name === fileName)?.hash !== hashOf(bytes))
      .map(({ fileName }) => fileName),
    doubled: files.map(({ fileName }) => fileName).filter((name, index, names) => names.indexOf(name) !== index),
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const many = 1_000_000

function relayConfig(folder: string, vendors: Record<string, Record<string, unknown>>): unknown {
  return {
    listen: { port: 0 },
    store: `sqlite:${folder}/medkit.db`,
    files: `file:${folder}/files`,
    secret: 'a secret of the upload test, long enough for it',
    limits: Object.fromEntries(
      ['session', 'open', 'read', 'upload', 'piece'].map((kind) => [kind, { device: many, address: many }]),
    ),
    games: Object.fromEntries(
      Object.entries(vendors).map(([game, vendor]) => [
        game,
        { name: game, players: { anonymous: true }, vendor: { settleSeconds: 2, ...vendor } },
      ]),
    ),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
