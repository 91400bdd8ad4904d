/** A server as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

/** As it is deployed, where it has been built. */
export const relayFile = existsSync('dist/relay/main.js') ? 'dist/relay/main.js' : 'server/main.ts'

export interface Server {
  url: string
  pid: number
  stop: () => Promise<void>
}

/** @param options - for Node itself */
export async function startServer(file: string, args: string[], options: string[] = []): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, [...options, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MEDKIT_LOG: 'silent' },
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
      const found = /http:\/\/[\d.]+:\d+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', () => reject(new Error(`${file} ended before it listened`)))
  })
  return {
    url,
    pid: child.pid ?? 0,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
