/** A vendor that is down is not the player's problem: what they write is taken, what they read is told with its age. */
import { expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { type Scene, setScene, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../../../simulators/simulators.ts'

const ada = tokenOf('ada')

async function whileDown(name: SimulatorName, test: (scene: Scene, before: Conversation) => Promise<void>) {
  const scene = await setScene(name)
  try {
    const { id } = await scene.open(ada, { message: 'Vor dem Ausfall.' })
    const isThere = ({ messages }: Conversation) => messages[0]?.delivery === 'delivered'
    const before = await scene.readUntil(ada, id, isThere, 'it has arrived')
    scene.simulator.misbehave('error', Number.POSITIVE_INFINITY)
    await test(scene, before)
    expect(scene.simulator.violations).toEqual([])
  } finally {
    await scene.end()
  }
}

const isAllThere = async (scene: Scene, id: string) =>
  (await scene.read(ada, id)).messages.every(({ delivery }) => delivery === 'delivered')

it.concurrent.each(simulatorNames)('while %s is down, reading answers from the ledger and says how old it is', (name) =>
  whileDown(name, async (scene, before) => {
    scene.pass(3_600_000)
    const answer = await scene.call<Conversation>(`GET /v1/tickets/${before.id}`, { token: ada })
    expect(answer).toMatchObject({ status: 200, body: { asOf: before.asOf, messages: [{ text: 'Vor dem Ausfall.' }] } })
    expect((await scene.list(ada)).map(({ id }) => id)).toEqual([before.id])
  }),
)

it.concurrent.each(simulatorNames)(
  'what is written while %s is down arrives once and in order when it is back',
  (name) =>
    whileDown(name, async (scene, before) => {
      const ticket = await scene.open(ada, { message: 'Im Ausfall geschrieben.' })
      const calls = scene.simulator.received.length
      expect((await scene.reply(ada, ticket.id, 'Und noch etwas.')).status).toBe(201)
      expect((await scene.reply(ada, before.id, 'Auch hier noch etwas.')).status).toBe(201)
      await until(() => scene.simulator.received.length > calls, 'it was tried')
      const waiting = await scene.read(ada, ticket.id)
      expect(waiting.messages.map(({ delivery }) => delivery)).toEqual(['received', 'received'])

      scene.simulator.behave()
      for (const { id } of [ticket, before]) await until(() => isAllThere(scene, id), 'all of it has arrived')
      const holding = (text: string) => scene.simulator.tickets().filter(({ lines }) => lines.includes(text))
      for (const text of ['Im Ausfall geschrieben.', 'Und noch etwas.', 'Auch hier noch etwas.'])
        expect(holding(text)).toHaveLength(1)
      const lines = (await scene.atVendor(ticket.number)).flatMap((found) => [...found.lines])
      expect(lines.indexOf('Im Ausfall geschrieben.')).toBeLessThan(lines.indexOf('Und noch etwas.'))
      expect(await scene.list(ada)).toHaveLength(2)
    }),
)
