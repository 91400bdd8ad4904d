/** A vendor that is down is not the player's problem: what they write is taken, what they read is told with its age. */
import { expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../../../simulators/simulators.ts'

const ada = tokenOf('ada')

async function whileDown(name: SimulatorName, test: (fixture: RelayFixture, before: Conversation) => Promise<void>) {
  const fixture = await startVendorRelay(name)
  try {
    const { id } = await fixture.open(ada, { message: 'Vor dem Ausfall.' })
    const isThere = ({ messages }: Conversation) => messages[0]?.delivery === 'delivered'
    const before = await fixture.readUntil(ada, id, isThere, 'it has arrived')
    fixture.simulator.misbehave('error', Number.POSITIVE_INFINITY)
    await test(fixture, before)
    expect(fixture.simulator.violations).toEqual([])
  } finally {
    await fixture.end()
  }
}

const isAllThere = async (fixture: RelayFixture, id: string) =>
  (await fixture.read(ada, id)).messages.every(({ delivery }) => delivery === 'delivered')

it.concurrent.each(simulatorNames)('while %s is down, reading answers from the ledger and says how old it is', (name) =>
  whileDown(name, async (fixture, before) => {
    fixture.pass(3_600_000)
    const answer = await fixture.call<Conversation>(`GET /v1/tickets/${before.id}`, { token: ada })
    expect(answer).toMatchObject({ status: 200, body: { asOf: before.asOf, messages: [{ text: 'Vor dem Ausfall.' }] } })
    expect((await fixture.list(ada)).map(({ id }) => id)).toEqual([before.id])
  }),
)

it.concurrent.each(simulatorNames)(
  'what is written while %s is down arrives once and in order when it is back',
  (name) =>
    whileDown(name, async (fixture, before) => {
      const ticket = await fixture.open(ada, { message: 'Im Ausfall geschrieben.' })
      const calls = fixture.simulator.received.length
      expect((await fixture.reply(ada, ticket.id, 'Und noch etwas.')).status).toBe(201)
      expect((await fixture.reply(ada, before.id, 'Auch hier noch etwas.')).status).toBe(201)
      await until(() => fixture.simulator.received.length > calls, 'it was tried')
      const waiting = await fixture.read(ada, ticket.id)
      expect(waiting.messages.map(({ delivery }) => delivery)).toEqual(['received', 'received'])

      fixture.simulator.behave()
      for (const { id } of [ticket, before]) await until(() => isAllThere(fixture, id), 'all of it has arrived')
      const holding = (text: string) => fixture.simulator.tickets().filter(({ lines }) => lines.includes(text))
      for (const text of ['Im Ausfall geschrieben.', 'Und noch etwas.', 'Auch hier noch etwas.'])
        expect(holding(text)).toHaveLength(1)
      const lines = (await fixture.atVendor(ticket.number)).flatMap((found) => [...found.lines])
      expect(lines.indexOf('Im Ausfall geschrieben.')).toBeLessThan(lines.indexOf('Und noch etwas.'))
      expect(await fixture.list(ada)).toHaveLength(2)
    }),
)
