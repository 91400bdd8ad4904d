/** Hooks that were never configured, never came, or have ceased: the player hears of an answer all the same, and soon. */
import { expect, it } from 'vitest'
import type { EventBatch } from '../../../../server/contract/event.ts'
import type { Game } from '../../../../server/contract/game.ts'
import { startRelay } from '../../../fixtures/relay.ts'
import { hookSecret, type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { simulatorNames } from '../../../simulators/simulators.ts'

const ada = tokenOf('ada')
const dayMs = 86_400_000
const answer = 'We have found it.'
const callable = ['theymes', 'thena'] as const
/** All whose answers can be read at all. */
const readable = simulatorNames.filter((name) => name !== 'threada')
const lists = { theymes: 'list', thena: 'search' } as const
const readings = { theymes: 'GET /tickets/:ticketId/events', thena: 'GET /v1/comments' }

async function delivered(fixture: RelayFixture): Promise<{ id: string; vendorTicketId: string }> {
  const { id, number } = await fixture.open(ada)
  const [ticket] = await fixture.atVendor(number)
  await fixture.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  return { id, vendorTicketId: ticket?.vendorTicketId ?? '' }
}

async function hasNews(fixture: RelayFixture): Promise<boolean> {
  const headers = { 'last-event-id': '0' }
  const { body } = await fixture.call<EventBatch>('GET /v1/events?poll=1', { token: ada, headers })
  return body.events.some(({ event }) => event.type === 'message-added' && event.data.message.text === answer)
}

/** The rounds in which those who look on are served come every five seconds; this and one of them are less than 15. */
async function hearsOfAnswer(fixture: RelayFixture): Promise<void> {
  const { vendorTicketId } = await delivered(fixture)
  await hasNews(fixture)
  fixture.simulator.agentAnswers(vendorTicketId, answer)
  fixture.pass(9_000)
  await until(() => hasNews(fixture), 'the player hears of it')
}

const pushOf = async (fixture: RelayFixture) => (await fixture.call<Game>('GET /v1/games/star-harbor')).body.can.push

it.concurrent.each(readable)('asks %s where the studio has configured no hook, and says so', async (name) => {
  const fixture = await startVendorRelay(name, { hook: false })
  expect(await pushOf(fixture)).toBe('poll')
  await hearsOfAnswer(fixture)
  await fixture.end()
})

it.concurrent.each(callable)('asks %s, which could call, until the first hook has come', async (name) => {
  const fixture = await startVendorRelay(name)
  expect(await pushOf(fixture)).toBe('hook')
  await hearsOfAnswer(fixture)
  await fixture.end()
})

it.concurrent.each(callable)(
  'leaves %s alone while its hooks come, and asks again after a day without, or a restart',
  async (name) => {
    const fixture = await startVendorRelay(name)
    // Nothing but the hook tells: a list that shows the answer as well would have it read once more.
    fixture.simulator.world.showLate(lists[name], 2 * dayMs)
    const { id, vendorTicketId } = await delivered(fixture)
    let token = ada
    const hook = async () => {
      fixture.simulator.agentAnswers(vendorTicketId, answer)
      await fixture.call(`POST /hooks/star-harbor/${hookSecret}`, {
        raw: fixture.simulator.hookOf?.(vendorTicketId) ?? '',
      })
    }
    const isAsked = async () => {
      const count = () => fixture.simulator.received.filter(({ call }) => call === readings[name]).length
      const before = count()
      fixture.pass(9_000)
      await fixture.read(token, id)
      return count() > before
    }
    await hook()
    await until(async () => (await fixture.read(ada, id)).status === 'answered', 'the hint was heeded')
    expect(await isAsked()).toBe(false)
    fixture.pass(dayMs)
    token = tokenOf('ada', { iat: (Date.now() + dayMs) / 1_000, exp: (Date.now() + 1.9 * dayMs) / 1_000 })
    expect(await isAsked()).toBe(true)
    await hook()
    await until(async () => (await fixture.read(token, id)).messages.length === 3, 'the second hint was heeded')
    expect(await isAsked()).toBe(false)
    await fixture.restart()
    expect(await isAsked()).toBe(true)
    await fixture.end()
  },
)

it('needs no hook for the built-in desk, which tells the relay itself', async () => {
  const relay = await startRelay()
  const { body } = await relay.call<Game>('GET /v1/games/star-harbor')
  expect(body.can.push).toBe('hook')
  await relay.close()
})
