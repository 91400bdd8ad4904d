/** `npm run sandbox theymes`: the demo game over a simulated vendor, every request it receives, and you as the agent. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readConfig } from '../../server/config/config.ts'
import { demoConfig } from '../../server/config/demo.ts'
import { type BrowserFiles, readBrowserFiles } from '../../server/http/static-files.ts'
import { createRelay } from '../../server/relay.ts'
import { createLog } from '../../server/runtime/log.ts'
import { createStudio } from '../fixtures/studio.ts'
import type { Received, VendorSimulator } from '../simulators/simulator.ts'
import { type SimulatorName, simulatorNames, simulators } from '../simulators/simulators.ts'
import { createAgent } from './agent.ts'
import { told, toldLog, welcome } from './words.ts'

export interface SandboxOptions {
  vendor: SimulatorName
  /** Of the relay; 0 is any that is free. */
  port: number
  browserFiles: BrowserFiles
  print: (text: string) => void
}

export interface Sandbox {
  address: string
  /** Does what a typed line says. @returns false when it says to end */
  type: (line: string) => Promise<boolean>
  close: () => Promise<void>
}

export async function startSandbox({ vendor, port, browserFiles, print }: SandboxOptions): Promise<Sandbox> {
  let violations = 0
  const show = (request: Received) => {
    print(told(request, simulator.violations.slice(violations)))
    violations = simulator.violations.length
  }
  const simulator: VendorSimulator = await simulators[vendor]({ onReceived: show, realTime: true })
  const folder = await mkdtemp(join(tmpdir(), 'medkit-sandbox-'))
  const studio = createStudio()
  const hookSecret = randomBytes(12).toString('hex')
  const file = sandboxConfig(folder, port, { publicKey: studio.publicPem, hookSecret, vendor: simulator.config })
  const { config, secrets } = readConfig(JSON.stringify(file), {})
  const log = createLog({ level: 'info', secrets, destination: { write: (line) => print(toldLog(line)) } })
  const secret = randomBytes(32)
  const relay = await createRelay({ config: { ...config, demo: true }, secrets: [secret], log, browserFiles })
  const address = await relay.listen()
  const agent = createAgent({
    simulator,
    print,
    onActed: (id) => callHook(simulator, `${address}/hooks/demo/${hookSecret}`, id),
  })
  print(welcome(vendor, address, simulator, signedIn(studio)))
  return {
    address,
    type: agent.type,
    close: async () => {
      await relay.close()
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The demo's own configuration, over another vendor. */
function sandboxConfig(
  folder: string,
  port: number,
  given: { publicKey: string; hookSecret: string; vendor: unknown },
) {
  const { games } = demoConfig('a desk that is not used') as { games: { demo: object } }
  const { publicKey, hookSecret, vendor } = given
  const players = { anonymous: true, jwt: { publicKey } }
  return {
    listen: { port },
    store: `sqlite:${folder}/medkit.db`,
    files: `file:${folder}/files`,
    games: { demo: { ...games.demo, players, hookSecret, vendor } },
  }
}

/** A player whom the studio vouches for: Theymes, Zaia and Thena show them what they opened elsewhere, too. */
function signedIn(studio: ReturnType<typeof createStudio>): string {
  const now = Math.floor(Date.now() / 1_000)
  const metadata = { tier: 2, tags: ['vip'], fields: { guild: 'Blue Fleet' } }
  return studio.sign({ sub: 'player-ada', name: 'Ada', aud: 'demo', iat: now, exp: now + 86_000, metadata })
}

/** What the vendor's own automation would do. */
async function callHook({ hookOf }: VendorSimulator, address: string, vendorTicketId: string): Promise<void> {
  const body = hookOf?.(vendorTicketId)
  if (body) await fetch(address, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
}

function isKnown(name: string | undefined): name is SimulatorName {
  return simulatorNames.some((known) => known === name)
}

async function main([name]: readonly string[]): Promise<void> {
  if (!isKnown(name)) {
    console.log(`Which vendor? npm run sandbox ${simulatorNames.join(' | ')}`)
    process.exitCode = 1
    return
  }
  const browserFiles = readBrowserFiles(join(import.meta.dirname, '../../dist/widget'))
  const port = Number(process.env.PORT ?? 0)
  const sandbox = await startSandbox({ vendor: name, port, browserFiles, print: (text) => console.log(text) })
  const lines = createInterface({ input: process.stdin })
  const end = () => void sandbox.close().then(() => process.exit(0))
  lines.on('line', (line) => void sandbox.type(line).then((goesOn) => goesOn || end()))
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
}

if (import.meta.main) await main(process.argv.slice(2))
