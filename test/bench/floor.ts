/** The floor of `bench:accept`: a bare server that puts each body into a database with one insert, on the disk before it answers. */
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../../server/store/database.ts'
import type { PlayerKey } from '../../server/store/tables.ts'

const [path = '', how] = process.argv.slice(2)
const database = await openDatabase(`sqlite:${path}`)
const insert = how === 'alone' ? insertAlone() : insertTogether()
let count = 0

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  await insert(`key-${count++}`, Buffer.concat(chunks).toString())
  response.writeHead(201).end()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))

function insertTogether() {
  return (key: string, answer: string) =>
    database.db
      .insertInto('idempotency')
      .values({ player: 'floor' as PlayerKey, route: 'POST /', key, fingerprint: '', answer, created_at: Date.now() })
      .execute()
}

function insertAlone() {
  // As SQLite comes, but for the flush: the ledger's own settings suit many writes at a time and would slow this one down.
  const sqlite = new DatabaseSync(path)
  sqlite.exec('pragma synchronous = full')
  const statement = sqlite.prepare('insert into idempotency values (?, ?, ?, ?, ?, ?)')
  return async (key: string, answer: string) => statement.run('floor', 'POST /', key, '', answer, Date.now())
}
