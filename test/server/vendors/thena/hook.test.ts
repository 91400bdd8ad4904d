/** Thena's platform events, which are hints and nothing more, and its part of the configuration. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiveEvent } from '../../../../server/vendors/thena/hook.ts'
import { createThena } from '../../../../server/vendors/thena/thena.ts'
import { ThenaConfig } from '../../../../server/vendors/thena/wire.ts'
import { startThenaSimulator } from '../../../simulators/thena/simulator.ts'
import { call, openingOf, tagOf } from '../suite/parts.ts'

/** Posts one event of a real ticket, after `bodyOf` has had its way with it. */
async function receiving(bodyOf: (event: string) => string, eventType = 'ticket:comment:created') {
  const simulator = await startThenaSimulator()
  onTestFinished(() => simulator.close())
  const vendor = createThena(ThenaConfig.parse(simulator.config), {
    clock: { now: () => new Date() },
    onDrift: () => undefined,
    tagOf,
    onHidden: () => undefined,
  })
  const { vendorTicketId } = await vendor.open(openingOf(), call())
  const event = simulator.eventOf(vendorTicketId, eventType)
  const hints = receiveEvent({ headers: new Headers(), body: bodyOf(event) })
  return { id: vendorTicketId, eventId: JSON.parse(event).eventId, hints }
}

describe('events', () => {
  it('takes an event for a hint to read the ticket again, and numbers it by its eventId', async () => {
    const { id, eventId, hints } = await receiving((event) => event)
    expect(hints).toEqual([{ eventId, vendorTicketId: id }])
  })

  it('reads an event inside the envelope of Amazon SNS', async () => {
    const { id, hints } = await receiving((event) => JSON.stringify({ Type: 'Notification', Message: event }))
    expect(hints).toMatchObject([{ vendorTicketId: id }])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['a subscription to confirm', '{"Type":"SubscriptionConfirmation","SubscribeURL":"http://169.254.169.254/"}'],
    ['an event without a ticket', '{"eventId":"1","eventType":"ticket:updated","payload":{}}'],
    ['an id that is no text', '{"eventId":"1","eventType":"ticket:updated","payload":{"ticket":{"id":{"$ne":1}}}}'],
  ])('makes nothing of %s', async (_, body) => {
    expect((await receiving(() => body)).hints).toEqual([])
  })

  it('makes nothing of events that are not about tickets', async () => {
    expect((await receiving((event) => event, 'account:updated')).hints).toEqual([])
  })
})

describe('the configuration', () => {
  it('speaks to Thena’s own address unless told otherwise, and refuses keys it does not know', () => {
    const config = { kind: 'thena', apiKey: 'k', teamId: 't' }
    expect(ThenaConfig.parse(config)).toMatchObject({ baseUrl: 'https://platform.thena.ai' })
    expect(ThenaConfig.safeParse({ ...config, team: 't' }).success).toBe(false)
    expect(ThenaConfig.safeParse({ ...config, paths: { ticket: '/v1/tickets/{ticketId}' } }).success).toBe(false)
  })
})
