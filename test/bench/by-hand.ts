/** {@link createOwnReads} behind `node:http` alone. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createOwnReads } from './own-reads.ts'

const reads = createOwnReads(process.argv.slice(2))

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(401).end())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit(0))

async function answer({ headers, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const player = await reads.playerOf(headers.authorization)
  const id = /^\/v1\/tickets\/([\w-]+)$/.exec(url)?.[1]
  const body = JSON.stringify(id === undefined ? reads.list(player) : reads.one(id, player))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
