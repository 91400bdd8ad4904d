/** How long the relay waits for a client, and how much it reads. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string

beforeAll(async () => {
  const timeouts = { headersMs: 500, bodyMs: 500, formMs: 1_500, pieceMs: 60_000, silenceMs: 60_000 }
  relay = await startRelay({ timeouts, game: { hookSecret: 'hook-secret-of-the-tests' } })
  token = (await relay.signIn()).token
})

afterAll(() => relay.close())

/** Sends these words and nothing more. @returns all that comes back until the relay hangs up */
async function say(words: string): Promise<string> {
  const socket = await open()
  socket.write(words)
  return heard(socket)
}

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(relay.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

async function heard(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

const head = (line: string, ...headers: string[]) => `${[line, 'host: localhost', ...headers].join('\r\n')}\r\n\r\n`
const bearer = () => `authorization: Bearer ${token}`

describe('Who is too slow is cut off', () => {
  it('before the headers are done', async () => {
    expect(await say('GET /v1/tickets HTTP/1.1\r\nhost: localhost\r\nx-slow: ')).toMatch(/^(HTTP\/1.1 408 |$)/)
  })

  it.each([
    ['a ticket', 'POST /v1/tickets HTTP/1.1', ['idempotency-key: slow']],
    ['signing in', 'POST /v1/sessions HTTP/1.1', []],
    ['a call that needs no body', 'POST /v1/challenges HTTP/1.1', []],
    ['a hook', 'POST /hooks/star-harbor/hook-secret-of-the-tests HTTP/1.1', []],
    ['a path that is not there', 'POST /nowhere HTTP/1.1', []],
    ['the desk', 'POST /desk/sign-in HTTP/1.1', ['content-type: application/x-www-form-urlencoded']],
  ])('in the middle of %s', async (_, line, headers) => {
    const said = await say(`${head(line, bearer(), 'content-length: 500', ...headers)}{"mess`)
    expect(said).not.toMatch(/^HTTP\/1.1 (2|5)/)
  })

  it('and one byte at a time is no way around it', async () => {
    const socket = await open()
    socket.write(head('POST /v1/tickets HTTP/1.1', bearer(), 'idempotency-key: drip', 'content-length: 100000'))
    const drip = setInterval(() => socket.write(' '), 20)
    const said = await heard(socket)
    clearInterval(drip)
    expect(said).toMatch(/^HTTP\/1.1 4/)
  })

  it('while an event stream and a slow upload are left alone', async () => {
    const upload = await relay.call<{ upload: { url: string } }>('POST /v1/attachments', {
      token,
      body: { fileName: 'a.png', fileType: 'image/png', fileSize: 3_000 },
    })
    const path = new URL(upload.body.upload.url).pathname
    const events = await fetch(`${relay.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const socket = await open()
    const tus = ['tus-resumable: 1.0.0', 'upload-offset: 0', 'content-type: application/offset+octet-stream']
    socket.write(head(`PATCH ${path} HTTP/1.1`, bearer(), 'content-length: 3000', ...tus))
    const answered = once(socket, 'data')
    for (let sent = 0; sent < 3_000; sent += 1_000) {
      // Three times the timeout for any other body.
      await new Promise((resolve) => setTimeout(resolve, 500))
      socket.write(Buffer.alloc(1_000))
    }
    expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 204/)
    socket.destroy()
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toContain('welcome')
    const ticket = await relay.open(token)
    let said = ''
    while (!said.includes(ticket.id)) said += (await reader?.read())?.value
    await reader?.cancel()
  })

  it('and everybody else is served meanwhile', async () => {
    const slow = await Promise.all(Array.from({ length: 100 }, open))
    for (const socket of slow) socket.write('POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\n')
    expect((await relay.call('GET /v1/tickets', { token })).status).toBe(200)
    await Promise.all(slow.map(heard))
    await until(async () => (await relay.call('GET /healthz')).status === 200, 'the relay answers')
  })
})

describe('Nobody sends more than was agreed', () => {
  let relay: TestRelay

  beforeAll(async () => {
    relay = await startRelay({ game: { hookSecret: 'hook-secret-of-the-tests' } })
  })

  afterAll(() => relay.close())

  const chunked = (bytes: number) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let sent = 0; sent < bytes; sent += 10_000) controller.enqueue(new Uint8Array(10_000).fill(32))
        controller.close()
      },
    })
  const send = (path: string, bytes: number, headers: Record<string, string>) =>
    fetch(`${relay.url}${path}`, { method: 'POST', body: chunked(bytes), headers, duplex: 'half' } as RequestInit)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each<[string, string, number, Record<string, string>]>([
    ['signing in', '/v1/sessions', 70_000, {}],
    ['a hook', '/hooks/star-harbor/hook-secret-of-the-tests', 70_000, {}],
  ])('%s', async (_, path, bytes, headers) => {
    const answer = await send(path, bytes, headers)
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ code: 'too_large' })
  })

  it('at the desk, whose pages say so themselves', async () => {
    await relay.open((await relay.signIn()).token)
    const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
    const authorization = `Bearer ${deskToken}`
    expect((await send('/desk/sign-in', 10_000, form)).status).toBe(413)
    expect((await send(`/desk/tickets/${id}/messages`, 28_000_000, { ...form, authorization })).status).toBe(413)
  })
})

it('What still comes after a refusal is left where it is, and the connection ends', async () => {
  const socket = await open()
  const piece = Buffer.alloc(65_536, 'x')
  const most = 2_000
  let sent = 0
  const send = () => {
    while (sent < most && !socket.closed) {
      sent += 1
      if (!socket.write(piece)) return
    }
  }
  const answer = heard(socket)
  socket.on('drain', send)
  socket.write(head('POST /desk/tickets/1/messages HTTP/1.1', `content-length: ${most * piece.length}`))
  send()
  expect(await answer).toMatch(/^HTTP\/1.1 401/)
  // The rest is what the two kernels hold.
  expect(sent).toBeLessThan(most / 4)
})

describe('What is no proper HTTP is refused by the parser', () => {
  const twice = (name: string, one: string, two: string) =>
    head('POST /v1/tickets HTTP/1.1', bearer(), 'idempotency-key: smuggled', `${name}: ${one}`, `${name}: ${two}`)

  it.each([
    ['two lengths', () => `${twice('content-length', '5', '6')}{"a":}`],
    [
      'a length and chunks',
      () =>
        `${head('POST /v1/tickets HTTP/1.1', bearer(), 'content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n`,
    ],
    ['a space before the colon', () => head('GET /v1/tickets HTTP/1.1', `authorization : Bearer ${token}`)],
    ['a header that goes on in the next line', () => head('GET /v1/tickets HTTP/1.1', 'x-a: 1\r\n b', bearer())],
    ['a bare line feed', () => `GET /v1/tickets HTTP/1.1\nhost: localhost\n${bearer()}\n\n`],
    ['headers over 16 KiB', () => head('GET /v1/tickets HTTP/1.1', `x-a: ${'x'.repeat(20_000)}`, bearer())],
    ['no host', () => `GET /v1/tickets HTTP/1.1\r\n${bearer()}\r\n\r\n`],
  ])('%s', async (_, request) => {
    expect(await say(request())).toMatch(/^HTTP\/1.1 4(00|31)/)
  })

  it('two bearers are none, in whatever order', async () => {
    const others = ['authorization: Bearer x', bearer()]
    for (const bearers of [[bearer(), ...others], others, others.toReversed()])
      expect(await say(head('GET /v1/tickets HTTP/1.1', ...bearers, 'connection: close'))).toMatch(/^HTTP\/1.1 401/)
  })

  it('two Idempotency-Keys are none', async () => {
    const said = await say(
      `${head('POST /v1/tickets HTTP/1.1', bearer(), 'idempotency-key: a', 'idempotency-key: b', 'content-length: 2', 'connection: close')}{}`,
    )
    expect(said).toContain('idempotency_key_missing')
  })
})
