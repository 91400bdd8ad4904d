/** A ticket that is several at the vendor: an agent may answer any of them, and remove any. */
import { expect, it } from 'vitest'
import { type Scene, setScene, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'

const ada = tokenOf('ada')

/** A conversation of as many vendor tickets as there are messages, all of them arrived. */
async function chainOf(scene: Scene, [first = '', ...others]: string[]) {
  const { id, number } = await scene.open(ada, { message: first })
  for (const message of others) await scene.reply(ada, id, message)
  const links = await scene.atVendor(number, others.length + 1)
  const isThere = async () => (await scene.read(ada, id)).messages.every(({ delivery }) => delivery === 'delivered')
  await until(isThere, 'every message has arrived')
  return { id, links }
}

/** As an agent does: from then on the vendor does not list it. */
function remove({ simulator }: Scene, vendorTicketId: string | undefined): void {
  simulator.mutate((body, call) => {
    if (call !== 'GET /tickets') return body
    const list = body as { tickets: { id: string }[] }
    return { ...list, tickets: list.tickets.filter(({ id }) => id !== vendorTicketId) }
  })
}

const says = (text: string) => (ticket: { messages: readonly { text: string }[] }) =>
  ticket.messages.some((message) => message.text === text)

it('shows an answer to the oldest of many vendor tickets', async () => {
  const scene = await setScene('theymes')
  const { id, links } = await chainOf(scene, ['One', 'Two', 'Three', 'Four', 'Five'])
  scene.simulator.agentAnswers(links[0]?.vendorTicketId ?? '', 'To the first.')
  await scene.readUntil(ada, id, says('To the first.'), 'the answer is shown')
  expect(scene.simulator.violations).toEqual([])
  await scene.end()
})

it('finds such an answer without a hint as well', async () => {
  const scene = await setScene('theymes')
  const { id, links } = await chainOf(scene, ['One', 'Two', 'Three', 'Four'])
  scene.simulator.agentAnswers(links[0]?.vendorTicketId ?? '', 'To the first.')
  await until(async () => {
    scene.pass(61_000)
    return says('To the first.')(await scene.read(ada, id))
  }, 'the answer is shown')
  await scene.end()
})

it('shows the answers on what is left when an agent has removed one of the vendor tickets', async () => {
  const scene = await setScene('theymes')
  const { id, links } = await chainOf(scene, ['One', 'Two'])
  remove(scene, links[0]?.vendorTicketId)
  scene.simulator.agentAnswers(links[1]?.vendorTicketId ?? '', 'To the second.')
  await scene.readUntil(ada, id, says('To the second.'), 'the answer is shown')
  await scene.end()
})

it('closes every vendor ticket of it, the newest last, and has the player asked for one opinion at the most', async () => {
  const scene = await setScene('theymes')
  const { id, links } = await chainOf(scene, ['One', 'Two', 'Three'])
  scene.simulator.agentCloses(links[0]?.vendorTicketId ?? '')
  expect((await scene.call(`POST /v1/tickets/${id}/close`, { token: ada })).status).toBe(200)
  await until(() => scene.simulator.tickets().every(({ closed }) => closed), 'all of it is closed at the vendor')
  const acts = scene.simulator.received.filter(({ call }) => call === 'POST /tickets/:ticketId/actions')
  expect(acts.map(({ path, body }) => [path.split('/')[2], body])).toEqual([
    [links[1]?.vendorTicketId, { actions: [{ type: 'rejectTicket' }] }],
    [links[2]?.vendorTicketId, { actions: [{ type: 'resolveTicket' }] }],
  ])
  await scene.end()
})

it('closes what is left when an agent has removed one of the vendor tickets', async () => {
  const scene = await setScene('theymes')
  const { id, links } = await chainOf(scene, ['One', 'Two'])
  remove(scene, links[0]?.vendorTicketId)
  expect((await scene.call(`POST /v1/tickets/${id}/close`, { token: ada })).status).toBe(200)
  await until(() => {
    const left = scene.simulator.tickets().find(({ vendorTicketId }) => vendorTicketId === links[1]?.vendorTicketId)
    return left?.closed
  }, 'it is closed at the vendor')
  await scene.end()
})

it('sends what was written before a reopening to the old vendor ticket, and what was written after it to a new one', async () => {
  const scene = await setScene('zaia')
  const { id, links } = await chainOf(scene, ['One'])
  const held = scene.simulator.hold(scene.simulator.calls.reply ?? '')
  await scene.reply(ada, id, 'Two')
  await until(() => held.count() > 0, 'the vendor takes its time')
  for (const change of ['close', 'reopen']) await scene.call(`POST /v1/tickets/${id}/${change}`, { token: ada })
  await scene.reply(ada, id, 'Three')
  held.release()
  const tickets = await until(() => {
    const all = scene.simulator.tickets()
    return all.some(({ lines }) => lines.includes('Three')) && all
  }, 'everything has arrived')
  const old = tickets.find(({ vendorTicketId }) => vendorTicketId === links[0]?.vendorTicketId)
  const next = tickets.find(({ lines }) => lines.includes('Three'))
  expect(old).toMatchObject({ closed: true, lines: expect.arrayContaining(['One', 'Two']) })
  expect(next).toMatchObject({ closed: false })
  expect(next?.lines).toContain(`follows: ${old?.vendorTicketId}`)
  expect(scene.simulator.violations).toEqual([])
  await scene.end()
}, 60_000)

/** How each vendor says that a ticket is somebody else's, which is as good as gone. */
const strangers = { zaia: { chatOwnerId: 'somebody else' }, thena: { requestorEmail: 'somebody@else.example' } }

it.each(['zaia', 'thena'] as const)('goes on by a new vendor ticket where %s has lost the old one', async (name) => {
  const scene = await setScene(name)
  const { id, links } = await chainOf(scene, ['One'])
  const lost = links[0]?.vendorTicketId
  scene.simulator.mutate((body) =>
    JSON.parse(JSON.stringify(body), (_, value) => (value?.id === lost ? { ...value, ...strangers[name] } : value)),
  )
  await scene.reply(ada, id, 'Two')
  await until(() => scene.simulator.tickets().at(-1)?.lines.includes('Two'), 'the vendor has it')
  expect(scene.simulator.tickets()).toHaveLength(2)
  expect(scene.simulator.violations).toEqual([])
  await scene.end()
})

it('follows up a ticket that the vendor will not reopen', async () => {
  const scene = await setScene('i3d')
  const { id, links } = await chainOf(scene, ['One'])
  await scene.call(`POST /v1/tickets/${id}/close`, { token: ada })
  await until(() => scene.simulator.tickets()[0]?.closed, 'it is closed there')
  scene.simulator.misbehave('refuse', 1, 'PUT /v3/tickets/:ticketId/open')
  await scene.call(`POST /v1/tickets/${id}/reopen`, { token: ada })
  const isAsked = () => scene.simulator.received.some(({ call, status }) => call.endsWith('/open') && status === 422)
  await until(isAsked, 'the vendor has refused')
  expect((await scene.reply(ada, id, 'Two')).status).toBe(201)
  await until(() => scene.simulator.tickets().at(-1)?.lines.includes('Two'), 'the vendor has it')
  expect(scene.simulator.tickets().map(({ closed }) => closed)).toEqual([true, false])
  expect(scene.simulator.tickets()[1]?.lines).toContain(`follows: ${links[0]?.vendorTicketId}`)
  expect((await scene.read(ada, id)).status).toBe('open')
  await scene.end()
})
