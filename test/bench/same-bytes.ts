/** The floor of reading: a bare `node:http` server that sends one answer, given as a file, to whoever asks. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Answer } from './rapid.ts'

const [path = ''] = process.argv.slice(2)
const { status, headers, body }: Answer = JSON.parse(readFileSync(path, 'utf8'))
const bytes = Buffer.from(body, 'latin1')
// Those are the server's own.
const { date, connection, 'keep-alive': keepAlive, ...own } = headers

const server = createServer((_, response) => {
  response.writeHead(status, own)
  response.end(status === 304 ? undefined : bytes)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))
