/** Relays as processes of their own, so that they can be killed as a crash, the system or a power cut would. */
import { type ChildProcess, spawn } from 'node:child_process'

export interface RelayProcess {
  /** Resolves with the address once it listens; undefined when it died before that. */
  ready: Promise<string | undefined>
  /** SIGKILL: nothing gets to clean up. Resolves when it is gone. */
  kill: () => Promise<void>
  /** SIGTERM. Resolves with the exit code. */
  terminate: () => Promise<number | null>
  /** SIGINT, as from a keyboard. Resolves with the exit code. */
  interrupt: () => Promise<number | null>
  /** What it wrote to standard error. */
  errors: () => string
}

/** @param cacheFolder - keeps compiled code between the many starts */
export function startRelayProcess(configPath: string, cacheFolder: string): RelayProcess {
  const child: ChildProcess = spawn(process.execPath, ['server/main.ts', '--config', configPath], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MEDKIT_LOG: 'error', NODE_COMPILE_CACHE: cacheFolder },
  })
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const ready = new Promise<string | undefined>((resolve) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
      const address = /http:\/\/[\d.]+:\d+/.exec(said)?.[0]
      if (address) resolve(address)
    })
    void gone.then(() => resolve(undefined))
  })
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return gone
  }
  return {
    ready,
    kill: async () => void (await end('SIGKILL')),
    terminate: () => end('SIGTERM'),
    interrupt: () => end('SIGINT'),
    errors: () => errors,
  }
}
