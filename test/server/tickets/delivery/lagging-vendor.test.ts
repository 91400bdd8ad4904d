/** A vendor that does not show at once what it has taken: one ticket all the same, in the order it was written. */
import { expect, it } from 'vitest'
import { startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { startThenaSimulator } from '../../../simulators/thena/simulator.ts'

const ada = tokenOf('ada')

it('keeps a quick reply on its ticket while Thena’s search lags and there is no call to read one', async () => {
  const lag = { withoutTicketCall: true, searchLags: true }
  const simulator = await startThenaSimulator(lag)
  const fixture = await startVendorRelay('thena', { simulator })
  const { id, number } = await fixture.open(ada, { message: 'One' })
  await fixture.atVendor(number)
  await fixture.reply(ada, id, 'Two')
  const searches = () => simulator.received.filter(({ call }) => call === 'GET /v1/search/tickets').length
  await until(() => searches() > 0, 'the relay has looked for the ticket')
  lag.searchLags = false
  const [ticket, ...more] = await until(() => {
    const tickets = simulator.tickets()
    return tickets.some(({ lines }) => lines.includes('Two')) && tickets
  }, 'the reply has arrived')
  expect(more).toEqual([])
  expect(ticket?.lines).toEqual(expect.arrayContaining(['One', 'Two']))
  await fixture.end()
  await simulator.close()
})
