/** Who looks on, by stream or by asking, hears of news; and who does not costs nothing. */
import { expect, it } from 'vitest'
import type { EventBatch } from '../../../server/contract/event.ts'
import type { Vendor } from '../../../server/vendors/vendor.ts'
import { deskToken, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { loft, pigeonPost } from '../../fixtures/toy-vendor.ts'
import { startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'

const games = Object.fromEntries(
  ['calm', 'stuck'].map((game) => [
    game,
    { name: game, players: { anonymous: true }, vendor: { kind: 'desk', token: deskToken } },
  ]),
)

async function openStreams(relay: TestRelay): Promise<number> {
  const { body } = await relay.call<string>('GET /metrics')
  return Number(/^medkit_streams (\d+)$/m.exec(body)?.[1])
}

async function hasNews(relay: Pick<TestRelay, 'call'>, token: string, text: string): Promise<boolean> {
  const headers = { 'last-event-id': '0' }
  const { body } = await relay.call<EventBatch>('GET /v1/events?poll=1', { token, headers })
  return body.events.some(({ event }) => event.type === 'message-added' && event.data.message.text === text)
}

it('tells a player who only asks now and then of an answer at a vendor that has to be asked itself', async () => {
  const fixture = await startVendorRelay('i3d')
  const ada = tokenOf('ada')
  const { id, number } = await fixture.open(ada)
  const [ticket] = await fixture.atVendor(number)
  await fixture.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  fixture.simulator.agentAnswers(ticket?.vendorTicketId ?? '', 'Looking into it.')
  fixture.pass(11_000)
  await until(() => hasNews(fixture, ada, 'Looking into it.'), 'the player hears of it')
  await fixture.end()
}, 60_000)

it('tells one game’s players of news while the vendor of another game hangs', async () => {
  let ahead = 0
  const hanging: Vendor = { ...pigeonPost, read: () => new Promise(() => {}) }
  const relay = await startRelay({
    games,
    clock: { now: () => new Date(Date.now() + ahead) },
    vendorOf: (game) => (game === 'stuck' ? hanging : pigeonPost),
  })
  const tokens = { stuck: (await relay.signIn('stuck')).token, calm: (await relay.signIn('calm')).token }
  for (const [game, token] of Object.entries(tokens)) {
    await relay.open(token, { message: `from ${game}` })
    await until(() => loft.some(({ lines }) => lines[0]?.text.endsWith(`from ${game}`)), 'it has arrived')
    await hasNews(relay, token, '')
  }
  loft.at(-1)?.lines.push({ from: 'agent', text: 'Coo.', at: new Date() })
  await until(async () => {
    ahead += 11_000
    return hasNews(relay, tokens.calm, 'Coo.')
  }, 'the player hears of it')
  await relay.close()
}, 60_000)

it('opens no stream for a HEAD', async () => {
  const relay = await startRelay()
  const { token } = await relay.signIn()
  const { status, headers } = await relay.call('HEAD /v1/events', { token })
  expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  await until(async () => (await openStreams(relay)) === 0, 'nothing is left open')
  await relay.close()
})

it('is documented as the stream it is', async () => {
  const relay = await startRelay()
  const { body } = await relay.call<{ paths: Record<string, Record<string, object>> }>('GET /openapi.json')
  expect(body.paths['/v1/events']?.get).toMatchObject({
    parameters: expect.arrayContaining([expect.objectContaining({ name: 'Last-Event-ID', in: 'header' })]),
    responses: { 200: { content: { 'text/event-stream': {}, 'application/json': {} } } },
  })
  await relay.close()
})

it('has room for so many streams from one address and in all, and takes each back', async () => {
  const relay = await startRelay({ config: { streams: { address: 3, total: 2 } } })
  const { token } = await relay.signIn()
  const listen = () => fetch(`${relay.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })
  const open = [await listen(), await listen()]
  expect(open.map(({ status }) => status)).toEqual([200, 200])
  const refused = await listen()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])
  expect((await relay.call('GET /v1/events?poll=1', { token })).status).toBe(200)
  for (const { body } of open) await body?.cancel()
  await until(async () => (await listen()).status === 200, 'there is room again')
  await relay.close()
})

it('refuses one address what would be too much of all', async () => {
  const relay = await startRelay({ config: { streams: { address: 1, total: 9 } } })
  const { token } = await relay.signIn()
  const listen = async () =>
    (await fetch(`${relay.url}/v1/events`, { headers: { authorization: `Bearer ${token}` } })).status
  expect([await listen(), await listen()]).toEqual([200, 429])
  await relay.close()
})
