/**
 * Kills relays with SIGKILL at random moments while players write and vendors misbehave, and then compares what players
 * were told with what the vendors hold.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isPostgres } from '../../server/store/engine.ts'
import { freshDatabase } from '../fixtures/postgres.ts'
import { type Acknowledged, play, sendAgain } from './player.ts'
import { type RelayProcess, startRelayProcess } from './relay-process.ts'
import { judge, misbehaveSomewhere, startVendors, type Vendors, type Verdict } from './vendors.ts'

export interface CrashOptions {
  engine: 'sqlite' | 'postgres'
  /** Relays on one store; one on SQLite. */
  relays: number
  kills: number
}

export interface CrashResult extends Verdict {
  kills: number
  acknowledged: number
  misbehaviours: Record<string, number>
  /** What a vendor's document forbids and a relay did all the same. */
  violations: string[]
  /** Seconds from the last kill until every vendor had everything. */
  drainSeconds: number
  /** How many had been parked and were sent again by their players. */
  sentAgain: number
}

/** Players of each vendor. */
const playersEach = 2
/** The longest a relay lives before it is killed: from the middle of its start to well into its work. */
const longestLifeMs = 900
const misbehaveEveryMs = 150
/** A message that failed often waits up to five minutes for its next attempt. */
const drainMs = 900_000

export async function crash({ engine, relays, kills }: CrashOptions): Promise<CrashResult> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-crash-'))
  const vendors = await startVendors()
  const config = join(folder, 'relay.json')
  const store = engine === 'sqlite' ? `sqlite:${folder}/medkit.db` : await freshDatabase()
  await writeFile(config, JSON.stringify(relayConfig(store, folder, vendors)))

  const acknowledged: Acknowledged[] = []
  const misbehaviours: Record<string, number> = {}
  const listening = new Set<string>()
  let isOver = false

  const players = Object.keys(vendors).flatMap((game) =>
    Array.from({ length: playersEach }, (_, n) =>
      play({ game, name: `${game}p${n}`, address: () => pickAddress(listening), acknowledged, isOver: () => isOver }),
    ),
  )
  const trouble = setInterval(() => {
    const how = misbehaveSomewhere(vendors)
    misbehaviours[how] = (misbehaviours[how] ?? 0) + 1
  }, misbehaveEveryMs)

  let killed = 0
  const lives = await Promise.all(
    Array.from({ length: relays }, async () => {
      for (;;) {
        const relay = startRelayProcess(config, join(folder, 'code'))
        const address = await born(relay)
        if (killed >= kills) return await last(relay, address)
        killed++
        if (address) listening.add(address)
        if (address) await pause(Math.random() * longestLifeMs)
        if (address) listening.delete(address)
        await relay.kill()
      }
    }),
  )
  for (const { address } of lives) listening.add(address)

  isOver = true
  await Promise.all(players)
  clearInterval(trouble)
  for (const vendor of Object.values(vendors)) vendor.behave()
  const { drainSeconds, sentAgain } = await untilDelivered(vendors, acknowledged, () => pickAddress(listening))
  const result = {
    ...judge(vendors, acknowledged),
    kills: killed,
    acknowledged: acknowledged.length,
    misbehaviours,
    violations: Object.values(vendors).flatMap(({ violations }) => violations),
    drainSeconds,
    sentAgain,
  }
  const codes = await Promise.all(lives.map(({ relay }) => relay.terminate()))
  if (codes.some((code) => code !== 0)) result.violations.push(`a relay ended with ${codes.join(', ')}`)
  await Promise.all(Object.values(vendors).map((vendor) => vendor.close()))
  await rm(folder, { recursive: true, force: true })
  return result
}

/** The one that goes on living, and what it said when it would not. */
async function last(relay: RelayProcess, known: string | undefined) {
  const address = known ?? (await relay.ready)
  if (address === undefined) throw new Error(`a relay did not start: ${relay.errors()}`)
  return { relay, address }
}

/** Sometimes a relay is killed before it listens: while it opens or migrates its ledger. */
async function born(relay: RelayProcess): Promise<string | undefined> {
  if (Math.random() > 0.1) return relay.ready
  return Promise.race([relay.ready, pause(Math.random() * 300).then(() => undefined)])
}

async function untilDelivered(vendors: Vendors, acknowledged: Acknowledged[], address: () => string | undefined) {
  const began = Date.now()
  const pressed = new Set<string>()
  for (;;) {
    const { lost } = judge(vendors, acknowledged)
    const drainSeconds = (Date.now() - began) / 1_000
    if (lost.length === 0 || drainSeconds * 1_000 > drainMs) return { drainSeconds, sentAgain: pressed.size }
    for (const word of await sendAgain(acknowledged, lost, address() ?? '')) pressed.add(word)
    await pause(1_000)
  }
}

const many = 1_000_000

function relayConfig(store: string, folder: string, vendors: Vendors): unknown {
  return {
    listen: { port: 0 },
    store,
    files: `file:${folder}/files`,
    sharedFiles: isPostgres(store),
    secret: 'a secret of the crash test, long enough for it',
    // The players are few and write without a pause, all behind one address.
    limits: Object.fromEntries(
      ['session', 'open', 'reply', 'read'].map((kind) => [kind, { device: many, address: many }]),
    ),
    games: Object.fromEntries(
      Object.entries(vendors).map(([game, { config }]) => [
        game,
        { name: game, players: { anonymous: true }, vendor: { settleSeconds: 2, ...config } },
      ]),
    ),
  }
}

function pickAddress(listening: ReadonlySet<string>): string | undefined {
  const addresses = [...listening]
  return addresses[Math.floor(Math.random() * addresses.length)]
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
