/** A vendor that closes a ticket by itself, and one that only repeats what the player did: one line for each change. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { freshDatabase, stopPostgres } from '../../../fixtures/postgres.ts'
import { hookSecret, type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { simulatorNames } from '../../../simulators/simulators.ts'

const ada = tokenOf('ada')

afterAll(stopPostgres)

const linesOf = ({ messages }: Conversation) =>
  messages.flatMap(({ author, event, by }) => (author === 'system' ? [`${event} by ${by}`] : []))
const isSettled = ({ messages }: Conversation) => messages.every(({ delivery }) => delivery === 'delivered')

/** Has the relay hear once more what the vendor says, and waits for it. */
async function hearAgain(fixture: RelayFixture, id: string): Promise<Conversation> {
  const { asOf } = await fixture.read(ada, id)
  return fixture.readUntil(ada, id, (ticket) => ticket.asOf !== asOf && isSettled(ticket), 'the vendor was heard again')
}

/** Threada as it is published tells nothing back. */
const telling = simulatorNames.filter((name) => name !== 'threada')

describe.each(telling)('Over %s', (name) => {
  let fixture: RelayFixture
  let id: string
  let number: string

  beforeAll(async () => {
    fixture = await startVendorRelay(name)
    const ticket = await fixture.open(ada)
    id = ticket.id
    number = ticket.number
    await fixture.readUntil(ada, id, isSettled, 'it has arrived')
  })

  afterAll(async () => {
    await fixture.end()
    expect(fixture.simulator.violations).toEqual([])
  })

  const newest = async () => (await fixture.atVendor(number)).at(-1)?.vendorTicketId ?? ''

  it('a closing of the vendor’s own is one line behind the agent’s last words, which it does not hide', async () => {
    fixture.simulator.agentAnswers(await newest(), 'Es ist wieder da.')
    fixture.simulator.agentCloses(await newest())
    const ticket = await fixture.readUntil(ada, id, ({ status }) => status === 'closed', 'it is closed')
    expect(ticket.messages.map(({ author, event, by }) => ({ author, event, by }))).toEqual([
      { author: 'player' },
      { author: 'agent' },
      { author: 'system', event: 'closed', by: 'studio' },
    ])
    expect(ticket).toMatchObject({ unread: 1, lastMessage: { author: 'agent', text: 'Es ist wieder da.' } })
  })

  it('it stays one, however often the vendor says so, and after a restart', async () => {
    expect(linesOf(await hearAgain(fixture, id))).toEqual(['closed by studio'])
    await fixture.restart()
    expect(linesOf(await hearAgain(fixture, id))).toEqual(['closed by studio'])
  })

  it('the vendor’s echo of what the player does adds none to the player’s own', async () => {
    await fixture.call(`POST /v1/tickets/${id}/reopen`, { token: ada })
    expect((await fixture.reply(ada, id, 'Doch nicht.')).status).toBe(201)
    await fixture.readUntil(ada, id, isSettled, 'it has arrived')
    expect(linesOf(await hearAgain(fixture, id))).toEqual(['closed by studio', 'reopened by player'])

    await fixture.call(`POST /v1/tickets/${id}/close`, { token: ada })
    await until(async () => (await fixture.atVendor(number)).every(({ closed }) => closed), 'all of it is closed there')
    const now = await hearAgain(fixture, id)
    expect(linesOf(now)).toEqual(['closed by studio', 'reopened by player', 'closed by player'])
    expect(now.lastMessage).toMatchObject({ author: 'player', text: 'Doch nicht.' })
  })

  it('no line ever reaches the vendor', async () => {
    const said = (await fixture.atVendor(number)).flatMap(({ lines }) => [...lines]).join('\n')
    expect(said).toContain('Doch nicht.')
    expect(said).not.toMatch(/closed this ticket|reopened this ticket/)
  })
})

it.each(['sqlite', 'postgres'])('two relays on one %s that hear of a closing at once add one line', async (engine) => {
  const one = await startVendorRelay('theymes', engine === 'postgres' ? { store: await freshDatabase() } : {})
  const other = await startVendorRelay('theymes', { simulator: one.simulator, store: one.store })
  const { id, number } = await one.open(ada)
  await one.readUntil(ada, id, isSettled, 'it has arrived')
  const [found] = await one.atVendor(number)
  const ticketId = found?.vendorTicketId ?? ''
  one.simulator.agentCloses(ticketId)

  // Both have asked before either has the answer.
  const held = one.simulator.hold('GET /tickets/:ticketId/events')
  for (const fixture of [one, other])
    await fixture.call(`POST /hooks/star-harbor/${hookSecret}`, { body: { ticketId } })
  await until(() => held.count() === 2, 'both are reading')
  held.release()
  await one.readUntil(ada, id, ({ status }) => status === 'closed', 'it is closed')
  // Whoever reads again is through with what they were reading.
  for (const fixture of [one, other]) {
    fixture.pass(61_000)
    expect(linesOf(await hearAgain(fixture, id))).toEqual(['closed by studio'])
  }
  await other.end()
  await one.end()
})
