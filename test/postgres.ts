/**
 * A real PostgreSQL for tests: started when first asked for, and a fresh database each time. Of a test run's processes
 * none starts its own: they ask `postgres-server.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPostgres } from './postgres-binaries.ts'

/** The environment variable that tells the processes of a test run where to ask for a database. */
const counter = 'MEDKIT_TEST_DATABASES'

let server: ReturnType<typeof startPostgres> | undefined
let databases = 0

/** @returns the address of an empty database */
export async function freshDatabase(): Promise<string> {
  const address = process.env[counter]
  if (!address) return createDatabase()
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(await answer.text())
  return answer.text()
}

/** Ends the server of this process, if one was started. */
export async function stopPostgres(): Promise<void> {
  const running = await server
  server = undefined
  await running?.stop()
}

/** From the server of this process. */
export async function createDatabase(): Promise<string> {
  server ??= startPostgres()
  const { postgres, url } = await server
  const name = `medkit_${databases++}`
  await postgres.createDatabase(name)
  return `${url}/${name}`
}

async function startPostgres() {
  const { default: EmbeddedPostgres, remove } = await loadPostgres()
  const databaseDir = mkdtempSync(join(tmpdir(), 'medkit-postgres-'))
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'medkit',
    password: 'medkit',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // No test cuts the power: what a killed relay left behind is in the system's hands, not on its way to the disk.
    postgresFlags: ['-c', 'max_connections=300', '-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  return {
    postgres,
    url: `postgres://medkit:medkit@127.0.0.1:${port}`,
    stop: async () => {
      await postgres.stop()
      rmSync(databaseDir, { recursive: true, force: true })
      remove()
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listen(probe)
  await new Promise((closed) => probe.close(closed))
  return port
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
