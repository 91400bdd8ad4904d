/** A ticket that is several at the vendor: an agent may answer any of them, and remove any. */
import { expect, it } from 'vitest'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'

const ada = tokenOf('ada')

/** A conversation of as many vendor tickets as there are messages, all of them arrived. */
async function chainOf(fixture: RelayFixture, [first = '', ...others]: string[]) {
  const { id, number } = await fixture.open(ada, { message: first })
  for (const message of others) await fixture.reply(ada, id, message)
  const links = await fixture.atVendor(number, others.length + 1)
  const isThere = async () => (await fixture.read(ada, id)).messages.every(({ delivery }) => delivery === 'delivered')
  await until(isThere, 'every message has arrived')
  return { id, links }
}

/** As an agent does: from then on the vendor does not list it. */
function remove({ simulator }: RelayFixture, vendorTicketId: string | undefined): void {
  simulator.mutate((body, call) => {
    if (call !== 'GET /tickets') return body
    const list = body as { tickets: { id: string }[] }
    return { ...list, tickets: list.tickets.filter(({ id }) => id !== vendorTicketId) }
  })
}

const says = (text: string) => (ticket: { messages: readonly { text: string }[] }) =>
  ticket.messages.some((message) => message.text === text)

it('shows an answer to the oldest of many vendor tickets', async () => {
  const fixture = await startVendorRelay('theymes')
  const { id, links } = await chainOf(fixture, ['One', 'Two', 'Three', 'Four', 'Five'])
  fixture.simulator.agentAnswers(links[0]?.vendorTicketId ?? '', 'To the first.')
  await fixture.readUntil(ada, id, says('To the first.'), 'the answer is shown')
  expect(fixture.simulator.violations).toEqual([])
  await fixture.end()
})

it('finds such an answer without a hint as well', async () => {
  const fixture = await startVendorRelay('theymes')
  const { id, links } = await chainOf(fixture, ['One', 'Two', 'Three', 'Four'])
  fixture.simulator.agentAnswers(links[0]?.vendorTicketId ?? '', 'To the first.')
  await until(async () => {
    fixture.pass(61_000)
    return says('To the first.')(await fixture.read(ada, id))
  }, 'the answer is shown')
  await fixture.end()
})

it('shows the answers on what is left when an agent has removed one of the vendor tickets', async () => {
  const fixture = await startVendorRelay('theymes')
  const { id, links } = await chainOf(fixture, ['One', 'Two'])
  remove(fixture, links[0]?.vendorTicketId)
  fixture.simulator.agentAnswers(links[1]?.vendorTicketId ?? '', 'To the second.')
  await fixture.readUntil(ada, id, says('To the second.'), 'the answer is shown')
  await fixture.end()
})

it('closes every vendor ticket of it, the newest last, and has the player asked for one opinion at the most', async () => {
  const fixture = await startVendorRelay('theymes')
  const { id, links } = await chainOf(fixture, ['One', 'Two', 'Three'])
  fixture.simulator.agentCloses(links[0]?.vendorTicketId ?? '')
  expect((await fixture.call(`POST /v1/tickets/${id}/close`, { token: ada })).status).toBe(200)
  await until(() => fixture.simulator.tickets().every(({ closed }) => closed), 'all of it is closed at the vendor')
  const acts = fixture.simulator.received.filter(({ call }) => call === 'POST /tickets/:ticketId/actions')
  expect(acts.map(({ path, body }) => [path.split('/')[2], body])).toEqual([
    [links[1]?.vendorTicketId, { actions: [{ type: 'rejectTicket' }] }],
    [links[2]?.vendorTicketId, { actions: [{ type: 'resolveTicket' }] }],
  ])
  await fixture.end()
})

it('closes what is left when an agent has removed one of the vendor tickets', async () => {
  const fixture = await startVendorRelay('theymes')
  const { id, links } = await chainOf(fixture, ['One', 'Two'])
  remove(fixture, links[0]?.vendorTicketId)
  expect((await fixture.call(`POST /v1/tickets/${id}/close`, { token: ada })).status).toBe(200)
  await until(() => {
    const left = fixture.simulator.tickets().find(({ vendorTicketId }) => vendorTicketId === links[1]?.vendorTicketId)
    return left?.closed
  }, 'it is closed at the vendor')
  await fixture.end()
})

it('sends what was written before a reopening to the old vendor ticket, and what was written after it to a new one', async () => {
  const fixture = await startVendorRelay('zaia')
  const { id, links } = await chainOf(fixture, ['One'])
  const held = fixture.simulator.hold(fixture.simulator.calls.reply ?? '')
  await fixture.reply(ada, id, 'Two')
  await until(() => held.count() > 0, 'the vendor takes its time')
  for (const change of ['close', 'reopen']) await fixture.call(`POST /v1/tickets/${id}/${change}`, { token: ada })
  await fixture.reply(ada, id, 'Three')
  held.release()
  const tickets = await until(() => {
    const all = fixture.simulator.tickets()
    return all.some(({ lines }) => lines.includes('Three')) && all
  }, 'everything has arrived')
  const old = tickets.find(({ vendorTicketId }) => vendorTicketId === links[0]?.vendorTicketId)
  const next = tickets.find(({ lines }) => lines.includes('Three'))
  expect(old).toMatchObject({ closed: true, lines: expect.arrayContaining(['One', 'Two']) })
  expect(next).toMatchObject({ closed: false })
  expect(next?.lines).toContain(`follows: ${old?.vendorTicketId}`)
  expect(fixture.simulator.violations).toEqual([])
  await fixture.end()
}, 60_000)

/** How each vendor says that a ticket is somebody else's, which is as good as gone. */
const strangers = { zaia: { chatOwnerId: 'somebody else' }, thena: { requestorEmail: 'somebody@else.example' } }

it.each(['zaia', 'thena'] as const)('goes on by a new vendor ticket where %s has lost the old one', async (name) => {
  const fixture = await startVendorRelay(name)
  const { id, links } = await chainOf(fixture, ['One'])
  const lost = links[0]?.vendorTicketId
  fixture.simulator.mutate((body) =>
    JSON.parse(JSON.stringify(body), (_, value) => (value?.id === lost ? { ...value, ...strangers[name] } : value)),
  )
  await fixture.reply(ada, id, 'Two')
  await until(() => fixture.simulator.tickets().at(-1)?.lines.includes('Two'), 'the vendor has it')
  expect(fixture.simulator.tickets()).toHaveLength(2)
  expect(fixture.simulator.violations).toEqual([])
  await fixture.end()
})

it('follows up a ticket that the vendor will not reopen', async () => {
  const fixture = await startVendorRelay('i3d')
  const { id, links } = await chainOf(fixture, ['One'])
  await fixture.call(`POST /v1/tickets/${id}/close`, { token: ada })
  await until(() => fixture.simulator.tickets()[0]?.closed, 'it is closed there')
  fixture.simulator.misbehave('refuse', 1, 'PUT /v3/tickets/:ticketId/open')
  await fixture.call(`POST /v1/tickets/${id}/reopen`, { token: ada })
  const isAsked = () => fixture.simulator.received.some(({ call, status }) => call.endsWith('/open') && status === 422)
  await until(isAsked, 'the vendor has refused')
  expect((await fixture.reply(ada, id, 'Two')).status).toBe(201)
  await until(() => fixture.simulator.tickets().at(-1)?.lines.includes('Two'), 'the vendor has it')
  expect(fixture.simulator.tickets().map(({ closed }) => closed)).toEqual([true, false])
  expect(fixture.simulator.tickets()[1]?.lines).toContain(`follows: ${links[0]?.vendorTicketId}`)
  expect((await fixture.read(ada, id)).status).toBe('open')
  await fixture.end()
})
