/** A reading that is slower than what the player does: what it says of the ticket's state is then old news. */
import { expect, it } from 'vitest'
import { until } from '../wait.ts'
import { hookSecret, setScene, tokenOf } from './scene.ts'

const ada = tokenOf('ada')

interface Batch {
  events: { event: { type: string } }[]
}

it('does not close again what was reopened while the vendor was being read', async () => {
  const scene = await setScene('theymes')
  const { id, number } = await scene.open(ada)
  await scene.readUntil(ada, id, ({ messages }) => messages[0]?.delivery === 'delivered', 'it has arrived')
  await scene.call(`POST /v1/tickets/${id}/close`, { token: ada })
  const [first] = await scene.atVendor(number)
  await until(async () => (await scene.atVendor(number))[0]?.closed, 'it is closed there')

  // The vendor has said that it is closed, and the rest of its answer is on its way while the player goes on.
  const held = scene.simulator.hold('GET /tickets/:ticketId/events')
  await scene.call(`POST /hooks/star-harbor/${hookSecret}`, { body: { ticketId: first?.vendorTicketId } })
  await until(() => held.count() > 0, 'the reading waits')
  await scene.call(`POST /v1/tickets/${id}/reopen`, { token: ada })
  await scene.reply(ada, id, 'Es ist wieder weg.')
  await until(async () => {
    const options = { token: ada, headers: { 'last-event-id': '0' } }
    const { body } = await scene.call<Batch>('GET /v1/events?poll=1', options)
    return body.events.filter(({ event }) => event.type === 'message-delivery').length === 2
  }, 'what was said next has arrived')
  const [before] = await scene.list(ada)
  held.release()
  const after = await until(async () => {
    const [ticket] = await scene.list(ada)
    return ticket?.asOf !== before?.asOf && ticket
  }, 'the reading came to its end')
  expect([before?.status, after.status]).toEqual(['open', 'open'])
  await scene.end()
})
