/** An event stream on its connection: who is at the other end, and what else may come from there. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string

beforeEach(async () => {
  relay = await startRelay()
  token = (await relay.signIn()).token
})

afterEach(() => relay.close())

interface Line {
  socket: Socket
  said: () => string
  ended: Promise<unknown>
}

function send(text: string): Line {
  const { hostname, port } = new URL(relay.url)
  const socket = connect(Number(port), hostname)
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk.toString()
  })
  // Whoever ends a line on which something else has come may cut it off.
  socket.on('error', () => undefined)
  const ended = once(socket, 'close')
  socket.write(text)
  return { socket, said: () => said, ended }
}

const ask = (version = '1.1', headers = '') =>
  `GET /v1/events HTTP/${version}\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${headers}\r\n`

async function listen(version?: string, headers?: string): Promise<Line> {
  const line = send(ask(version, headers))
  await until(async () => line.said().includes(': welcome'), 'the stream has begun')
  return line
}

async function openStreams(): Promise<number> {
  const { body } = await relay.call<string>('GET /metrics')
  return Number(/^medkit_streams (\d+)$/m.exec(body)?.[1])
}

const nobodyIsLeft = () => until(async () => (await openStreams()) === 0, 'nobody is left')

it.each([
  ['that speaks HTTP/1.0, as some proxies do', '1.0', ''],
  ['that will not be used again', '1.1', 'Connection: close\r\n'],
  ['that is kept', '1.1', 'Connection: keep-alive\r\n'],
] as const)('goes on over a connection %s', async (_, version, headers) => {
  const line = await listen(version, headers)
  expect(line.said()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(line.said()).toMatch(/^content-type: text\/event-stream; charset=utf-8\r$/m)
  expect(line.said()).toMatch(/^x-content-type-options: nosniff\r$/m)
  await relay.open(token)
  await until(async () => line.said().includes('event: ticket-changed'), 'the player hears of it')
  line.socket.destroy()
  await nobodyIsLeft()
})

it('is over when its player hangs up, politely or not', async () => {
  const [polite, rude] = [await listen(), await listen()]
  polite.socket.end()
  rude.socket.resetAndDestroy()
  await nobodyIsLeft()
})

it('is over when something else comes on its line, which is not answered', async () => {
  const line = await listen()
  line.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await line.ended
  expect(line.said().match(/HTTP\/1\.1/g)).toHaveLength(1)
  await nobodyIsLeft()
})

it('does not begin where something else was asked on its line already', async () => {
  const line = send(`${ask()}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await line.ended
  expect(line.said()).not.toContain('event-stream')
  await nobodyIsLeft()
  // And the relay goes on.
  expect((await relay.call('GET /healthz')).status).toBe(200)
})

it('is told when to come back, and ended, by a relay that ends', async () => {
  const line = await listen()
  const before = line.said().length
  relay = await relay.restart()
  await line.ended
  expect(line.said().slice(before)).toMatch(/^retry: \d+\n\n$/)
})
