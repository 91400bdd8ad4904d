/** Which route a path asks for. */
import { describe, expect, it } from 'vitest'
import { createMatch } from '../../../server/http/match.ts'

const match = createMatch([
  { method: 'GET', path: '/v1/tickets', value: 'list' },
  { method: 'POST', path: '/v1/tickets', value: 'open' },
  { method: 'GET', path: '/v1/tickets/:ticketId', value: 'one' },
  { method: 'POST', path: '/v1/tickets/:ticketId/messages/:messageId/retry', value: 'retry' },
])

describe('A path', () => {
  it.each([
    ['GET', '/v1/tickets', 'list', {}],
    ['POST', '/v1/tickets', 'open', {}],
    ['GET', '/v1/tickets/a-1', 'one', { ticketId: 'a-1' }],
    ['GET', '/v1/tickets/a%2Fb', 'one', { ticketId: 'a/b' }],
    ['GET', '/v1/tickets/100%', 'one', { ticketId: '100%' }],
    ['POST', '/v1/tickets/a/messages/b/retry', 'retry', { ticketId: 'a', messageId: 'b' }],
  ])('%s %s is of the route "%s"', (method, path, value, params) => {
    expect(match(method, path)).toEqual({ value, params })
  })

  it.each([
    ['DELETE', '/v1/tickets'],
    ['GET', '/v1/tickets/'],
    ['GET', '/v1/tickets/a/'],
    ['GET', '/v1/tickets/a/b'],
    ['GET', '/v1/Tickets'],
    ['GET', '/x/v1/tickets'],
    ['POST', '/v1/tickets//messages/b/retry'],
    ['constructor', '/v1/tickets'],
  ])('%s %s is of none', (method, path) => {
    expect(match(method, path)).toBeUndefined()
  })
})
