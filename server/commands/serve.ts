/** `medkit`: starts a relay, says where it is, and drains on a signal. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { drainPauseMs, type LoadedConfig } from '../config/config.ts'
import { isLoopback } from '../http/known-hosts.ts'
import { readBrowserFiles } from '../http/static-files.ts'
import { createRelay } from '../relay.ts'
import { createLog } from '../runtime/log.ts'
import type { Command } from './command.ts'

/** A drain that takes longer after its pause ends the process as it is: the ledger is safe at every moment. */
const drainMs = 9_000

export const serve: Command = async ({ environment, loadConfig, relaySecrets, print, onSignal, exit }) => {
  const { config, secrets } = loadConfig()
  const log = createLog({ level: environment.MEDKIT_LOG ?? 'info', secrets })
  const browserFiles = readBrowserFiles(browserFolder())
  const relay = await createRelay({ config, secrets: relaySecrets(config), log, browserFiles })
  const address = await relay.listen()
  onSignal((signal) => {
    const pauseMs = signal === 'SIGTERM' ? drainPauseMs(config) : 0
    setTimeout(() => exit(1), pauseMs + drainMs).unref()
    relay.close({ pauseMs }).then(
      () => exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the drain broke off')
        exit(1)
      },
    )
  })
  // Whoever reads it may ask for the end at once.
  print(welcome(address, config) + adviceFor(config))
}

/** Beside the sources when they run as they are, beside the built relay when that runs. */
function browserFolder(): string {
  const root = join(import.meta.dirname, '../..')
  const [fromBuild, fromSource] = [join(root, 'widget'), join(root, 'dist/widget')]
  return existsSync(join(fromBuild, 'medkit.js')) ? fromBuild : fromSource
}

/** Who lets it listen beyond this machine wants to reach it from there. */
function adviceFor({ listen, publicUrl }: LoadedConfig['config']): string {
  const isHere = isLoopback(listen.host.includes(':') ? `[${listen.host}]` : listen.host)
  if (publicUrl !== undefined || isHere) return ''
  return [
    '  It listens beyond this machine, but answers only those who call it localhost.',
    '  To be reached by another name, tell it which: "publicUrl": "https://support.studio.example"',
    '  in relay.json, and start it with --config relay.json.',
    '',
    '',
  ].join('\n')
}

function welcome(address: string, { demo, games }: LoadedConfig['config']): string {
  if (!demo) return `Medkit listens on ${address}\n`
  const vendor = Object.values(games)[0]?.vendor
  const token = vendor?.kind === 'desk' ? vendor.token : ''
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
