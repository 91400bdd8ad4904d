/** Every range of the registries is kept out, edge to edge, and what lies beside it is not. */
import { describe, expect, it } from 'vitest'
import { isPublicAddress, specialPurpose } from '../../../server/runtime/network.ts'

/** The registries' own lists of what is not globally reachable, copied from them and not from the table that is tested. */
const registries = `
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
240.0.0.0/4 255.255.255.255/32 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32
::/128 ::1/128 ::ffff:0:0:0/96 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32
2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8`
  .trim()
  .split(/\s+/)

describe('An address', () => {
  it.each(registries)('of %s is none of the public internet’s: its first, its last and one between', (range) => {
    const { first, last, write } = boundsOf(range)
    for (const number of [first, last, first + (last - first) / 2n])
      expect([write(number), isPublicAddress(write(number))]).toEqual([write(number), false])
  })

  it.each(specialPurpose)(
    'just outside $network/$prefix is public, unless another range begins there',
    ({ network, prefix }) => {
      const { first, last, write, top } = boundsOf(`${network}/${prefix}`)
      const neighbours = [first - 1n, last + 1n].filter((number) => number >= 0n && number <= top)
      for (const number of neighbours) {
        const address = write(number)
        expect([address, isPublicAddress(address)]).toEqual([address, !isInAny(number, top)])
      }
    },
  )

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
    '::ffff:8.8.8.8',
    '2001:200::1',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))

  it.each([
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:10.0.0.1',
    '0:0:0:0:0:ffff:192.168.0.1',
    '::ffff:a9fe:a9fe',
    'fe80::1%eth0',
    '::127.0.0.1',
    '2002:7f00:1::',
    'localhost',
    '',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))
})

interface Bounds {
  first: bigint
  last: bigint
  /** The last address of its family. */
  top: bigint
  write: (number: bigint) => string
}

function boundsOf(range: string): Bounds {
  const [network = '', prefix = ''] = range.split('/')
  const isSix = network.includes(':')
  const bits = isSix ? 128n : 32n
  const first = isSix ? six(network) : network.split('.').reduce((number, part) => number * 256n + BigInt(part), 0n)
  const last = first + (1n << (bits - BigInt(prefix))) - 1n
  return { first, last, top: (1n << bits) - 1n, write: isSix ? writeSix : writeFour }
}

function isInAny(number: bigint, top: bigint): boolean {
  // What is mapped counts as the IPv4 address in it.
  if (top > 0xffffffffn && number >> 32n === 0xffffn) return isInAny(number & 0xffffffffn, 0xffffffffn)
  return registries.map(boundsOf).some((range) => range.top === top && number >= range.first && number <= range.last)
}

function six(text: string): bigint {
  const [head = '', tail] = text.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const [left, right] = [groups(head), groups(tail)]
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].reduce((number, group) => number * 65_536n + BigInt(`0x${group}`), 0n)
}

function writeFour(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.')
}

function writeSix(number: bigint): string {
  return [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((number >> shift) & 65_535n).toString(16)).join(':')
}
