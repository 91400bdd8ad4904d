/** Somebody who opens an event stream and then takes nothing in holds it no longer than anybody else who is silent. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Line } from '../../../server/events/listeners.ts'
import type { Stream } from '../../../server/events/streams.ts'
import { createEventStreams } from '../../../server/http/event-stream.ts'

const piece = 'x'.repeat(65_536)

let server: Server
let player: Socket
/** Resolves with the line once it takes nothing more. */
let full: Promise<Line>
let left: Promise<void>

beforeEach(async () => {
  const begun = Promise.withResolvers<Line>()
  const leaving = Promise.withResolvers<void>()
  left = leaving.promise
  let line: Line | undefined
  const fill = () => {
    while (line?.write(piece));
  }
  const begin = (given: Line) => {
    line = given
    fill()
    begun.resolve(given)
  }
  server = createServer(listenerOf({ begin, drained: fill, left: leaving.resolve }))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  full = begun.promise
})

afterEach(async () => {
  player.destroy()
  await new Promise((resolve) => server.close(resolve))
})

function listenerOf(stream: Stream): RequestListener {
  const eventStreams = createEventStreams()
  return getRequestListener(async (request, bindings) =>
    eventStreams.begin({ request, bindings }, eventStreams.answer(request, stream)),
  )
}

async function listen(): Promise<void> {
  player = connect((server.address() as AddressInfo).port, '127.0.0.1')
  player.pause().on('error', () => undefined)
  player.write('GET / HTTP/1.1\r\nHost: relay\r\n\r\n')
  await full
}

it('is cut off after the same silence', async () => {
  server.setTimeout(300)
  await listen()
  await left
})

it('is cut off at once where the stream is to end', async () => {
  await listen()
  ;(await full).end()
  await left
})

it('is told the end where it has taken all that was said before', async () => {
  const { promise: heard, resolve } = Promise.withResolvers<string>()
  server.removeAllListeners('request')
  const begin = (line: Line) => {
    line.write('retry: 7\n\n')
    line.end()
  }
  server.on('request', listenerOf({ begin, drained: () => undefined, left: () => undefined }))
  player = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let said = ''
  player.on('data', (chunk) => {
    said += chunk
  })
  player.once('end', () => resolve(said))
  player.write('GET / HTTP/1.1\r\nHost: relay\r\n\r\n')
  expect(await heard).toMatch(/\r\n\r\nretry: 7\n\n$/)
})
