/** A reading that is slower than what the player does: what it says of the ticket's state is then old news. */
import { expect, it } from 'vitest'
import { hookSecret, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'

const ada = tokenOf('ada')
const reading = 'GET /tickets/:ticketId/events'

interface Batch {
  events: { event: { type: string } }[]
}

// Of a chain of two, the reading that waits is that of the first; of the second it learns when there is a third.
it.each([1, 2])(
  'does not close again what was reopened while %i of the vendor’s tickets were being read',
  async (length) => {
    const fixture = await startVendorRelay('theymes')
    const { id, number } = await fixture.open(ada)
    const isThere = (count: number) =>
      fixture.readUntil(ada, id, ({ messages }) => messages[count - 1]?.delivery === 'delivered', 'it has arrived')
    await isThere(1)
    if (length > 1) await fixture.reply(ada, id, 'Noch jemand da?')
    await isThere(length)
    await fixture.call(`POST /v1/tickets/${id}/close`, { token: ada })
    const [first] = await fixture.atVendor(number)
    await until(async () => (await fixture.atVendor(number)).every(({ closed }) => closed), 'it is closed there')

    // The vendor has said that it is closed, and the rest of its answer is on its way while the player goes on.
    const held = fixture.simulator.hold(reading)
    const before = fixture.simulator.received.filter(({ call }) => call === reading).length
    await fixture.call(`POST /hooks/star-harbor/${hookSecret}`, { body: { ticketId: first?.vendorTicketId } })
    await until(() => held.count() > 0, 'the reading waits')
    await fixture.call(`POST /v1/tickets/${id}/reopen`, { token: ada })
    await fixture.reply(ada, id, 'Es ist wieder weg.')
    await until(async () => {
      const options = { token: ada, headers: { 'last-event-id': '0' } }
      const { body } = await fixture.call<Batch>('GET /v1/events?poll=1', options)
      return body.events.filter(({ event }) => event.type === 'message-delivery').length === length + 1
    }, 'what was said next has arrived')
    held.release()
    // The next reading begins when this one has come to its end.
    await fixture.call(`POST /hooks/star-harbor/${hookSecret}`, { body: { ticketId: first?.vendorTicketId } })
    const readings = () => fixture.simulator.received.filter(({ call }) => call === reading).length
    await until(() => readings() > before + length, 'it has come to its end')
    const { messages, status } = await fixture.read(ada, id)
    expect(status).toBe('open')
    expect(messages.map(({ event }) => event).filter(Boolean)).toEqual(['closed', 'reopened'])
    await fixture.end()
  },
)
