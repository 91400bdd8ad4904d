/** Where a request comes from, as far as that can be believed. */

import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createAddressOf } from '../../../server/http/address.ts'
import { isNetwork } from '../../../server/runtime/network.ts'

/** Asks as the HTTP server would, for a connection from `remoteAddress`. */
function addressOf(trusted: string[], remoteAddress: string | undefined, forwarded?: string): string | undefined {
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  const incoming = { socket: { remoteAddress } } as unknown as IncomingMessage
  return createAddressOf(trusted)(new Request('http://localhost/', { headers }), { incoming })
}

describe('The address of a client', () => {
  const cases: [string, string[], string, string | undefined, string][] = [
    ['is the connection’s where no proxy is trusted', [], '198.51.100.1', '203.0.113.1', '198.51.100.1'],
    [
      'is the connection’s where that is no trusted proxy',
      ['10.0.0.0/8'],
      '198.51.100.1',
      '203.0.113.1',
      '198.51.100.1',
    ],
    ['is what a trusted proxy heard', ['10.0.0.0/8'], '10.1.2.3', '203.0.113.1', '203.0.113.1'],
    ['is the last that a trusted proxy heard', ['10.0.0.1'], '10.0.0.1', '1.1.1.1, 203.0.113.1', '203.0.113.1'],
    ['passes over trusted proxies', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.1, 10.9.9.9, 10.0.0.2', '203.0.113.1'],
    ['stops at what is no address', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.1, unknown', '10.0.0.1'],
    ['stops at what is no address behind a proxy', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.1, , 10.0.0.2', '10.0.0.2'],
    ['is the furthest proxy where all are trusted', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['is the proxy’s where it says nothing', ['10.0.0.1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['may have a port', ['10.0.0.1'], '10.0.0.1', '203.0.113.1:4711', '203.0.113.1'],
    ['may be IPv6 in brackets', ['::1'], '::1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['knows IPv4 written as IPv6', ['10.0.0.1'], '::ffff:10.0.0.1', '::ffff:203.0.113.1', '203.0.113.1'],
    ['trusts IPv6 networks', ['2001:db8::/32'], '2001:db8:1::1', '203.0.113.1', '203.0.113.1'],
  ]

  it.each(cases)('%s', (_, trusted, connected, forwarded, expected) => {
    expect(addressOf(trusted, connected, forwarded)).toBe(expected)
  })

  it('is unknown where there is no connection', () => {
    expect(addressOf(['10.0.0.1'], undefined, '203.0.113.1')).toBeUndefined()
    expect(createAddressOf([])(new Request('http://localhost/'), undefined)).toBeUndefined()
  })
})

it.each([
  ['10.0.0.1', true],
  ['::1', true],
  ['10.0.0.0/8', true],
  ['2001:db8::/32', true],
  ['10.0.0.0/33', false],
  ['::/129', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/-1', false],
  ['proxy.example', false],
  ['', false],
])('%j names a network: %s', (text, expected) => {
  expect(isNetwork(text)).toBe(expected)
})
