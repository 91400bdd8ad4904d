/** A vendor that is down is not the player's problem: what they write is taken, what they read is told with its age. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { simulatorNames } from '../../vendors/simulators.ts'
import { until } from '../wait.ts'
import { type Scene, setScene, tokenOf } from './scene.ts'

const ada = tokenOf('ada')

describe.each(simulatorNames)('While %s is down', (name) => {
  let scene: Scene
  let before: Conversation

  beforeAll(async () => {
    scene = await setScene(name)
    const { id } = await scene.open(ada, { message: 'Vor dem Ausfall.' })
    before = await scene.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
    scene.simulator.misbehave('error', 100_000)
  })

  afterAll(async () => {
    await scene.end()
    expect(scene.simulator.violations).toEqual([])
  })

  const holding = (text: string) => scene.simulator.tickets().filter(({ lines }) => lines.includes(text))

  it('reading answers from the ledger, and says how old it is', async () => {
    scene.pass(3_600_000)
    const answer = await scene.call<Conversation>(`GET /v1/tickets/${before.id}`, { token: ada })
    expect(answer).toMatchObject({ status: 200, body: { asOf: before.asOf, messages: [{ text: 'Vor dem Ausfall.' }] } })
    expect((await scene.list(ada)).map(({ id }) => id)).toEqual([before.id])
  })

  it('opening and replying are taken, and arrive once and in order when it is back', async () => {
    const ticket = await scene.open(ada, { message: 'Im Ausfall geschrieben.' })
    expect((await scene.reply(ada, ticket.id, 'Und noch etwas.')).status).toBe(201)
    expect((await scene.reply(ada, before.id, 'Auch hier noch etwas.')).status).toBe(201)
    const calls = scene.simulator.received.length
    await until(() => scene.simulator.received.length > calls, 'it was tried')
    const waiting = await scene.read(ada, ticket.id)
    expect(waiting.messages.map(({ delivery }) => delivery)).toEqual(['received', 'received'])
    expect(holding('Im Ausfall geschrieben.')).toEqual([])

    scene.simulator.behave()
    for (const id of [ticket.id, before.id]) {
      await until(
        async () => (await scene.read(ada, id)).messages.every(({ delivery }) => delivery === 'delivered'),
        'all of it has arrived',
      )
    }
    for (const text of ['Im Ausfall geschrieben.', 'Und noch etwas.', 'Auch hier noch etwas.'])
      expect(holding(text)).toHaveLength(1)
    const lines = (await scene.atVendor(ticket.number)).flatMap((found) => [...found.lines])
    const place = (text: string) => lines.indexOf(text)
    expect(place('Im Ausfall geschrieben.')).toBeLessThan(place('Und noch etwas.'))
    expect(await scene.list(ada)).toHaveLength(2)
  })
})
