/** Who gets in at the agents' desk, and who is kept out before anything of theirs is read. */
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type RouteSpec, routes } from '../../../server/contract/routes.ts'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
afterEach(() => relay.close())

function signIn(token: string): Promise<Response> {
  return fetch(`${relay.url}/desk/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  })
}

const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? ''
const look = (headers: Record<string, string>) => fetch(`${relay.url}/desk`, { headers })

interface Announced {
  /** E.g. `POST /v1/tickets`. */
  line: string
  headers?: Record<string, string>
  /** What its `Content-Length` says. */
  length: number
}

/** Sends all but the body, and says what is answered. */
function answerBeforeBody({ line, headers = {}, length }: Announced): Promise<number> {
  const { hostname, port, host } = new URL(relay.url)
  const head = { host, 'content-type': 'application/json', 'content-length': String(length), ...headers }
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', reject)
    socket.on('data', (data) => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString())?.[1]))
      socket.destroy()
    })
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
    socket.write(`${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  })
}

it('keeps a session that is no token, and ends it when the agent signs out', async () => {
  relay = await startRelay()
  const cookie = cookieOf(await signIn(deskToken))
  expect(cookie).not.toContain(deskToken)
  expect((await look({ cookie })).status).toBe(200)
  await fetch(`${relay.url}/desk/sign-out`, { method: 'POST', headers: { cookie }, redirect: 'manual' })
  expect((await look({ cookie })).status).toBe(401)
})

it('lets a session outlive a restart, but not the token that opened it', async () => {
  relay = await startRelay()
  const cookie = cookieOf(await signIn(deskToken))
  relay = await relay.restart()
  expect((await look({ cookie })).status).toBe(200)
  await relay.relay.close()
  const game = { vendor: { kind: 'desk', token: 'another token of the desk' } }
  relay = await startRelay({ folder: relay.folder, game })
  expect((await look({ cookie })).status).toBe(401)
})

it('takes few guesses a minute, from whomever, and says so where an operator looks', async () => {
  const few = { windowSeconds: 60, player: 10, device: 10, address: 10 }
  relay = await startRelay({ config: { limits: { desk: few } } })
  const cookie = cookieOf(await signIn(deskToken))
  const guesses = Array.from({ length: 200 }, (_, n) => (n % 2 ? signIn(`guess-${n}`) : bearer(`guess-${n}`)))
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect(new Set(statuses)).toEqual(new Set([401, 429]))
  // Even the right one: otherwise the guesses would only be slower.
  const refused = await signIn(deskToken)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await look({ cookie })).status).toBe(200)
  expect((await relay.call<string>('GET /metrics')).body).toMatch(/^medkit_desk_wrong_tokens_total 10$/m)
  expect(relay.lines.filter((line) => line.includes('a wrong token at the desk'))).toHaveLength(10)
})

const bearer = (token: string) => look({ authorization: `Bearer ${token}` })

it('is not there where no game uses it', async () => {
  const vendor = { kind: 'threada', apiKey: 'key', baseUrl: 'http://127.0.0.1:9' }
  relay = await startRelay({ game: { vendor } })
  for (const line of ['GET /desk', 'GET /desk/desk.css', 'POST /desk/sign-in', 'POST /desk/tickets/1/messages'])
    expect((await relay.call(line)).status).toBe(404)
})

/** Every call that brings a body, by somebody unknown. */
const withBody = [
  ...Object.entries<RouteSpec>(routes)
    .filter(([, { body, access }]) => body && access === 'player')
    .map(([name]) => [name.replace(' ', ' /v1').replaceAll(/:\w+/g, 'x'), 401] as const),
  ['PATCH /v1/uploads/x', 401],
  ['POST /desk/tickets/x/messages', 401],
  ['POST /hooks/star-harbor/guess', 404],
  ['POST /nowhere', 404],
] as const

it.each(withBody)('answers %s before a byte of the body has come', async (line, status) => {
  relay = await startRelay()
  expect(await answerBeforeBody({ line, length: 60_000 })).toBe(status)
})

it.each([
  ['POST /v1/sessions', 65_537],
  ['POST /v1/tickets', 65_537],
  ['POST /desk/sign-in', 4_097],
  ['POST /desk/tickets/x/messages', 26_214_401],
])('refuses %s with %i bytes before they come', async (line, length) => {
  relay = await startRelay()
  const { token } = await relay.signIn()
  const opened = await relay.open(token)
  const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  expect(opened.id).toBeTruthy()
  const authorization = `Bearer ${line.includes('/desk/') ? deskToken : token}`
  const headers = { authorization, 'idempotency-key': 'key' }
  expect(await answerBeforeBody({ line: line.replace('/x/', `/${id}/`), headers, length })).toBe(413)
})

it.each(['/v1/tickets', '/desk/tickets/x/messages'])(
  'says nothing is wrong when a client breaks off in %s',
  async (path) => {
    relay = await startRelay()
    const { token } = await relay.signIn()
    await relay.open(token)
    const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
    const authorization = `Bearer ${path.startsWith('/desk') ? deskToken : token}`
    const { hostname, port, host } = new URL(relay.url)
    const socket = connect(Number(port), hostname)
    const type = path.startsWith('/desk') ? 'multipart/form-data; boundary=x' : 'application/json'
    socket.write(
      `POST ${path.replace('/x/', `/${id}/`)} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}\r\nidempotency-key: k\r\ncontent-type: ${type}\r\ncontent-length: 60000\r\n\r\n--x`,
      () => setImmediate(() => socket.destroy()),
    )
    await until(() => relay.lines.some((line) => line.includes('a client broke off')), 'it is noticed')
    expect(relay.lines.filter((line) => JSON.parse(line).level === 'error' || JSON.parse(line).level >= 50)).toEqual([])
  },
)
