/** What a command is given: the process, in the few words a command needs. Only `main.ts` reads `process.*`. */
import type { Config, LoadedConfig } from '../config/config.ts'
import type { RelaySecrets } from '../runtime/derived-keys.ts'

export interface CommandParts {
  /** What stands behind the command's name. */
  args: readonly string[]
  environment: Readonly<Record<string, string | undefined>>
  /** From `--config`, `MEDKIT_CONFIG`, or the demo's. @throws ConfigMistakes */
  loadConfig: () => LoadedConfig
  /** False where the demo's configuration would be loaded. */
  isConfigured: boolean
  /** Signs what the relay issues: configured, or made on the first start and kept. */
  relaySecrets: (config: Config) => RelaySecrets
  /** Where a secret is kept that the relay made itself. */
  secretFile: string
  print: (text: string) => void
  /** Called once, when the process is asked to end; SIGINT is somebody who sits before it and waits. */
  onSignal: (end: (signal: 'SIGTERM' | 'SIGINT') => void) => void
  exit: (code: number) => void
}

/** @throws UsageMistake when the words behind the command make no sense */
export type Command = (parts: CommandParts) => Promise<void>

/** Shown as it is, with how the command is used. */
export class UsageMistake extends Error {
  override readonly name = 'UsageMistake'
}
