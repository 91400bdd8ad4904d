#!/usr/bin/env node
/** The process: which command, which configuration. The only reader of `process.*`. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Command, UsageMistake } from './commands/command.ts'
import { type Config, ConfigMistakes, type LoadedConfig, readConfig } from './config/config.ts'
import { demoConfig } from './config/demo.ts'
import { keptSecret } from './config/own-secret.ts'
import { minSecretBytes, type RelaySecrets } from './runtime/derived-keys.ts'
import { createMask } from './runtime/log.ts'
import { randomReference } from './runtime/random.ts'

/** Named where a `medkit` command is documented: docs/operating.md. Loaded when called, so that an old Node can still be told. */
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  outbox: async () => (await import('./commands/outbox.ts')).outbox,
  backup: async () => (await import('./commands/backup.ts')).backup,
  restore: async () => (await import('./commands/restore.ts')).restore,
  token: async () => (await import('./commands/token.ts')).token,
  receipt: async () => (await import('./commands/receipt.ts')).receipt,
  schema: async () => (await import('./commands/schema.ts')).schema,
}

const leastNode = 24
const secretFile = 'data/secret'

const usage = `medkit [--config relay.json]   starts the relay; without a configuration, the demo
medkit outbox                  what waits for the vendors and what is stuck
medkit backup <folder>         copies ledger and files, also while the relay runs
medkit restore <folder>        puts such a copy back where there is no ledger
medkit token inspect <jwt>     what is wrong with a token, and how to mend it
medkit receipt verify <file>   whether a receipt of an erasure is genuine
medkit schema                  the configuration's shape, for editors`

let secrets: ReadonlySet<string> = new Set()

try {
  if (Number.parseInt(process.versions.node, 10) < leastNode)
    throw new UsageMistake(`Medkit needs Node ${leastNode} or newer, and this is ${process.versions.node}.`)
  const { values, positionals } = commandLine()
  const [name = 'serve', ...rest] = positionals
  const configPath = values.config ?? process.env.MEDKIT_CONFIG
  const load = commands[name]
  if (!load) throw new UsageMistake(`There is no command ${name}.\n\n${usage}`)
  const command = await load()
  await command({
    args: [
      ...rest,
      ...(values.stuck ? ['--stuck'] : []),
      ...(['game', 'keys', 'player'] as const).flatMap((name) =>
        values[name] === undefined ? [] : [`--${name}`, values[name]],
      ),
    ],
    environment: process.env,
    loadConfig: () => {
      const loaded = loadConfig(configPath)
      secrets = loaded.secrets
      return loaded
    },
    isConfigured: configPath !== undefined,
    relaySecrets,
    secretFile,
    print: (text) => process.stdout.write(text),
    onSignal: (end) => {
      process.once('SIGTERM', end)
      process.once('SIGINT', end)
    },
    exit: (code) => process.exit(code),
  })
} catch (error) {
  process.stderr.write(`${createMask(secrets)(inPlainWords(error))}\n`)
  process.exit(1)
}

function commandLine() {
  try {
    const [text, yes] = [{ type: 'string' }, { type: 'boolean' }] as const
    const options = { config: text, stuck: yes, game: text, keys: text, player: text }
    return parseArgs({ options, allowPositionals: true })
  } catch {
    throw new UsageMistake(usage)
  }
}

function loadConfig(path: string | undefined): LoadedConfig {
  const text = path === undefined ? JSON.stringify(demoConfig(keptDeskToken())) : readFileSync(path, 'utf8')
  const loaded = readConfig(text, process.env)
  const { listen } = loaded.config
  const port = process.env.PORT ? Number(process.env.PORT) : listen.port
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ConfigMistakes(['PORT: not a port number'])
  const host = process.env.HOST || listen.host
  return { ...loaded, config: { ...loaded.config, listen: { host, port }, demo: path === undefined } }
}

function relaySecrets({ secret }: Config): RelaySecrets {
  const [newest, ...older] = [secret ?? []].flat()
  if (newest === undefined) return [madeSecret()]
  return [Buffer.from(newest), ...older.map((one) => Buffer.from(one))]
}

function madeSecret(): Buffer {
  return keptSecret(secretFile, minSecretBytes, () => randomBytes(minSecretBytes))
}

function keptDeskToken(): string {
  return keptSecret('data/desk-token', 1, () => Buffer.from(randomReference(16))).toString()
}

function inPlainWords(error: unknown): string {
  if (error instanceof ConfigMistakes) return [error.message, ...error.mistakes.map((line) => `  ${line}`)].join('\n')
  if (error instanceof Error && error.name === 'StoreUnavailable' && error.cause instanceof Error)
    return `${error.message}: ${error.cause.message}`
  return error instanceof Error ? error.message : String(error)
}
