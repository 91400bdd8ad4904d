/** What `upload.ts` compares the relay with: a server that does nothing but pipe a body into a file, and the file on. */
import { createReadStream, createWriteStream } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** `PATCH /<name>` takes a file in; `POST /<name>` with these headers sends it on to the address in `x-to`. */
const folder = process.argv[2] ?? ''

const server = createServer((incoming, outgoing) => {
  const file = join(folder, (incoming.url ?? '').replaceAll('/', '_'))
  const work = incoming.method === 'PATCH' ? pipeline(incoming, createWriteStream(file)) : passOn(file, incoming)
  work.then(
    () => outgoing.writeHead(204).end(),
    () => outgoing.destroy(),
  )
})

async function passOn(file: string, { headers }: IncomingMessage): Promise<void> {
  const { 'x-to': to, 'x-size': size, 'x-headers': more } = headers
  const sending = request(String(to), {
    method: 'PUT',
    headers: { ...JSON.parse(String(more)), 'content-length': String(size) },
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sending.once('response', resolve)
    sending.once('error', reject)
  })
  await pipeline(createReadStream(file), sending)
  const response = await answered
  response.resume()
  if (response.statusCode !== 200) throw new Error(`the vendor answered ${response.statusCode}`)
}

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit(0))
