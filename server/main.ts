/** The process: reads the configuration, starts a relay, says where it is, and drains on a signal. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigMistakes, type LoadedConfig, readConfig } from './config.ts'
import { demoConfig } from './demo.ts'
import { createLog } from './log.ts'
import { createRelay } from './relay.ts'
import { readBrowserFiles } from './routes/browser-files.ts'
import { StoreUnavailable } from './store/database.ts'

const { values } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })

await main(values.config ?? process.env.MEDKIT_CONFIG)

async function main(configPath: string | undefined): Promise<void> {
  const { config, secrets } = load(configPath)
  if (process.env.PORT) config.listen.port = Number(process.env.PORT)
  if (process.env.HOST) config.listen.host = process.env.HOST
  const secret = config.secret ? Buffer.from(config.secret) : keptSecret('data/secret')
  const log = createLog({ level: process.env.MEDKIT_LOG ?? 'info', secrets })
  const relay = await createRelay({ config, secret, log, browserFiles: readBrowserFiles(browserFolder()) }).catch(
    giveUp,
  )
  const address = await relay.listen().catch(giveUp)
  say(welcome(address, config))

  const drain = () => {
    // A second signal, or a drain that takes too long, ends the process as it is: the ledger is safe at every moment.
    setTimeout(() => process.exit(1), 9_000).unref()
    void relay.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', drain)
  process.once('SIGINT', drain)
}

function load(path: string | undefined): LoadedConfig {
  try {
    if (path !== undefined) return readConfig(readFileSync(path, 'utf8'), process.env)
    const demo = readConfig(JSON.stringify(demoConfig()), process.env)
    return { ...demo, config: { ...demo.config, demo: true } }
  } catch (error) {
    return giveUp(error)
  }
}

/** Made on the first start and kept, so that a restart signs nobody out. */
function keptSecret(path: string): Buffer {
  if (existsSync(path)) return readFileSync(path)
  mkdirSync(join(path, '..'), { recursive: true })
  const secret = randomBytes(32)
  writeFileSync(path, secret, { mode: 0o600, flag: 'wx' })
  return secret
}

/** Beside the sources when they run as they are, beside the built relay when that runs. */
function browserFolder(): string {
  const [fromSource, fromBuild] = [join(import.meta.dirname, '../dist/widget'), join(import.meta.dirname, '../widget')]
  return existsSync(join(fromBuild, 'medkit.js')) ? fromBuild : fromSource
}

function welcome(address: string, { demo, games }: LoadedConfig['config']): string {
  const desk = Object.values(games).find(({ vendor }) => vendor.kind === 'desk')?.vendor
  const token = desk?.kind === 'desk' ? desk.token : undefined
  if (!demo) return `Medkit listens on ${address}\n`
  return [
    '',
    '  Medkit is running, with the demo game Star Harbor and the built-in desk.',
    '',
    `  The game's page, with the widget in it   ${address}/demo`,
    `  The player's full page                   ${address}/?game=demo`,
    `  The agents' desk                         ${address}/desk`,
    `    its token                              ${token}`,
    '',
    '',
  ].join('\n')
}

function giveUp(error: unknown): never {
  const lines =
    error instanceof ConfigMistakes
      ? [error.message, ...error.mistakes.map((mistake) => `  ${mistake}`)]
      : [error instanceof StoreUnavailable ? `${error.message}: ${causeOf(error)}` : String(error)]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exit(1)
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : 'unknown'
}

function say(text: string): void {
  process.stdout.write(text)
}
