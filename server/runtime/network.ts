/**
 * Which addresses are the public internet, so that nobody who names an address to the relay can point it at its own network.
 *
 * The ranges are all those of IANA's special-purpose address registries for IPv4 and IPv6, be they reachable or not, for nobody
 * keeps files there; and multicast, what is reserved, and what was once private. Where an IPv6 range carries an IPv4 address that somebody hands on
 * (6to4, Teredo, NAT64), the whole range counts: what is behind it is another network's word.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Each as its registry names it. */
export const specialPurpose: readonly { network: string; prefix: number; name: string }[] = [
  { network: '0.0.0.0', prefix: 8, name: 'This network' },
  { network: '10.0.0.0', prefix: 8, name: 'Private-Use' },
  { network: '100.64.0.0', prefix: 10, name: 'Shared Address Space' },
  { network: '127.0.0.0', prefix: 8, name: 'Loopback' },
  { network: '169.254.0.0', prefix: 16, name: 'Link Local' },
  { network: '172.16.0.0', prefix: 12, name: 'Private-Use' },
  { network: '192.0.0.0', prefix: 24, name: 'IETF Protocol Assignments' },
  { network: '192.0.2.0', prefix: 24, name: 'Documentation (TEST-NET-1)' },
  { network: '192.31.196.0', prefix: 24, name: 'AS112-v4' },
  { network: '192.52.193.0', prefix: 24, name: 'AMT' },
  { network: '192.88.99.0', prefix: 24, name: 'Deprecated (6to4 Relay Anycast)' },
  { network: '192.168.0.0', prefix: 16, name: 'Private-Use' },
  { network: '192.175.48.0', prefix: 24, name: 'Direct Delegation AS112 Service' },
  { network: '198.18.0.0', prefix: 15, name: 'Benchmarking' },
  { network: '198.51.100.0', prefix: 24, name: 'Documentation (TEST-NET-2)' },
  { network: '203.0.113.0', prefix: 24, name: 'Documentation (TEST-NET-3)' },
  { network: '224.0.0.0', prefix: 4, name: 'Multicast' },
  { network: '240.0.0.0', prefix: 4, name: 'Reserved' },
  { network: '::', prefix: 96, name: 'Unspecified, Loopback, IPv4-compatible' },
  { network: '::ffff:0:0:0', prefix: 96, name: 'IPv4-translated' },
  { network: '64:ff9b::', prefix: 96, name: 'IPv4-IPv6 Translat.' },
  { network: '64:ff9b:1::', prefix: 48, name: 'IPv4-IPv6 Translat.' },
  { network: '100::', prefix: 64, name: 'Discard-Only Address Block' },
  { network: '100:0:0:1::', prefix: 64, name: 'Dummy IPv6 Prefix' },
  { network: '2001::', prefix: 23, name: 'IETF Protocol Assignments' },
  { network: '2001:db8::', prefix: 32, name: 'Documentation' },
  { network: '2002::', prefix: 16, name: '6to4' },
  { network: '2620:4f:8000::', prefix: 48, name: 'Direct Delegation AS112 Service' },
  { network: '3fff::', prefix: 20, name: 'Documentation' },
  { network: '5f00::', prefix: 16, name: 'Segment Routing (SRv6) SIDs' },
  { network: 'fc00::', prefix: 7, name: 'Unique-Local' },
  { network: 'fe80::', prefix: 10, name: 'Link-Local Unicast' },
  { network: 'fec0::', prefix: 10, name: 'Site-Local (deprecated)' },
  { network: 'ff00::', prefix: 8, name: 'Multicast' },
]

const notPublic = new BlockList()
for (const { network, prefix } of specialPurpose) notPublic.addSubnet(network, prefix, familyOf(network))

const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

/** Whether an IP address is one of the public internet's. An IPv4 address written as IPv6 counts as what it is. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) === 0) return false
  if (isIP(bare) === 6 && mapped.check(bare, 'ipv6')) return !notPublic.check(insideOf(bare), 'ipv4')
  return !notPublic.check(bare, familyOf(bare))
}

/** `::ffff:7f00:1` holds `127.0.0.1`. */
function insideOf(address: string): string {
  const { hostname } = new URL(`http://[${address}]`)
  const [high = 0, low = 0] = hostname
    .slice(1, -1)
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** An address (`10.0.0.1`, `::1`) or a block of them (`10.0.0.0/8`). */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32))
}

/** `::ffff:192.0.2.1` is `192.0.2.1`; any other IPv6 address is its first four groups. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain) || !plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const leading = head === '' ? [] : head.split(':')
  const trailing = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - leading.length - trailing.length)
  const groups = [...leading, ...Array<string>(zeros).fill('0'), ...trailing]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
