/** The floor of `bench:accept`: a bare server that puts each body into the store with one insert, on the disk before it answers. */
import { createServer } from 'node:http'
import { openDatabase } from '../../server/store/database.ts'
import type { PlayerKey } from '../../server/store/tables.ts'

const database = await openDatabase(process.argv[2] ?? '')
let count = 0

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const answer = Buffer.concat(chunks).toString()
  const record = {
    player: 'floor' as PlayerKey,
    route: 'POST /',
    key: String(count++),
    fingerprint: '',
    answer,
    created_at: Date.now(),
  }
  await database.db.insertInto('idempotency').values(record).execute()
  response.writeHead(201).end()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))
