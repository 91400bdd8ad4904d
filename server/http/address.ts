/** Where a request comes from. `X-Forwarded-For` is believed only from proxies the operator has named. */
import { BlockList, isIP } from 'node:net'
import type { Bindings } from './call.ts'

/** @returns undefined where there is no connection to ask, as in a call within the process */
export type AddressOf = (request: Request, bindings: Bindings) => string | undefined

/** @param trustedProxies - addresses and CIDR blocks, as `isNetwork` allows them */
export function createAddressOf(trustedProxies: readonly string[]): AddressOf {
  const trusted = blockList(trustedProxies)
  // Most relays have none in front, and asking an empty list takes as long as asking a full one.
  const isTrusted = (address: string) =>
    trustedProxies.length > 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (request, bindings) => {
    const connected = plain(bindings?.incoming?.socket.remoteAddress)
    if (connected === undefined || !isTrusted(connected)) return connected
    let client = connected
    // From the right: each proxy adds whom it heard from, and whatever stands further left anybody may have written.
    for (const entry of (request.headers.get('x-forwarded-for') ?? '').split(',').reverse()) {
      const address = plain(entry)
      if (address === undefined) return client
      client = address
      if (!isTrusted(address)) return client
    }
    return client
  }
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** Some proxies write a port behind the address; a socket of both families writes IPv4 as `::ffff:192.0.2.1`. */
function plain(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? ''
  const bare = /^\[(.+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed
  const address = bare.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(address) === 0 ? undefined : address
}
