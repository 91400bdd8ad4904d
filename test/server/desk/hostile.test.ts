/** What somebody could do to the agents at the desk: with words, with another game's token, from a page of their own. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string

const otherToken = 'desk-token-of-moon-base'
const game = (name: string, token: string) => ({
  name,
  origins: [],
  players: { anonymous: true },
  vendor: { kind: 'desk', token },
})

beforeAll(async () => {
  relay = await startRelay({
    games: { 'star-harbor': game('Star Harbor', deskToken), 'moon-base': game('Moon Base', otherToken) },
  })
  token = (await relay.signIn()).token
})
afterAll(() => relay.close())

const page = async (path: string, headers: Record<string, string>) => {
  const response = await fetch(`${relay.url}/desk${path}`, { headers })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

async function idAtDesk(number: string): Promise<string> {
  const found = await until(
    async () => (await relay.desk.list()).find((listed) => listed.number === number),
    'the desk has the ticket',
  )
  return found.id
}

async function cookieOf(token: string): Promise<string> {
  const body = new URLSearchParams({ token })
  const signedIn = await fetch(`${relay.url}/desk/sign-in`, { method: 'POST', body, redirect: 'manual' })
  return signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
}

it('shows agents what players write as text, and lets no page of theirs run or frame anything', async () => {
  const markup = '<script>alert(1)</script><img src=x onerror=alert(2)>'
  const ticket = await relay.open(token, { message: markup, subject: markup, metadata: { '"><b>': markup } })
  const headers = { authorization: `Bearer ${deskToken}` }
  for (const path of ['', `/tickets/${await idAtDesk(ticket.number)}`]) {
    const shown = await page(path, headers)
    expect(shown.text).toContain('&lt;script&gt;')
    expect(shown.text).not.toMatch(/<script|<img|<b>/)
    expect(shown.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(shown.headers.get('content-security-policy')).not.toContain('script-src')
  }
})

it('has nothing of another game for whoever has one game’s token', async () => {
  const ticket = await relay.open(token)
  const id = await idAtDesk(ticket.number)
  const headers = { authorization: `Bearer ${otherToken}`, accept: 'application/json' }
  expect(JSON.parse((await page('', headers)).text)).toEqual({ tickets: [] })
  expect((await page(`/tickets/${id}`, headers)).status).toBe(404)
  const close = await fetch(`${relay.url}/desk/tickets/${id}/close`, { method: 'POST', headers, redirect: 'manual' })
  expect(close.status).toBe(404)
  expect((await relay.desk.read(id)).ticket.status).toBe('open')
})

it('does nothing that a form on somebody else’s page asks in an agent’s name', async () => {
  const ticket = await relay.open(token)
  const id = await idAtDesk(ticket.number)
  const cookie = await cookieOf(deskToken)
  const send = (headers: Record<string, string>) =>
    fetch(`${relay.url}/desk/tickets/${id}/close`, {
      method: 'POST',
      headers: { cookie, ...headers },
      redirect: 'manual',
    })
  for (const site of ['cross-site', 'same-site']) expect((await send({ 'sec-fetch-site': site })).status).toBe(403)
  expect((await send({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await relay.desk.read(id)).ticket.status).toBe('open')
  expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(303)
  expect((await relay.desk.read(id)).ticket.status).toBe('closed')
})

it.each(['multipart/form-data; boundary=x', 'multipart/form-data'])(
  'takes a %s that is none for an empty one, and finds no fault with itself',
  async (type) => {
    const ticket = await relay.open(token)
    const id = await idAtDesk(ticket.number)
    const send = (path: string, headers: Record<string, string>) =>
      fetch(`${relay.url}/desk${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body: Buffer.from('\xff\xfeno form', 'latin1'),
      })
    expect((await send('/sign-in', {})).status).toBe(401)
    expect((await send(`/tickets/${id}/messages`, { authorization: `Bearer ${deskToken}` })).status).toBe(422)
    expect(relay.lines.filter((line) => line.includes('"level":50'))).toEqual([])
  },
)
