/** i3D.net's files: base64 in a JSON string, decoded as it comes, in whatever pieces. */
import { describe, expect, it } from 'vitest'
import { decodeFile } from '../../../../server/vendors/i3d/download.ts'
import { codeOf } from '../suite/parts.ts'

const bytes = new Uint8Array(1_000).map((_, index) => (index * 37) % 256)
const base64 = Buffer.from(bytes).toString('base64')

function streamOf(text: string, size: number): ReadableStream<Uint8Array> {
  const whole = Buffer.from(text)
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < whole.length; at += size) controller.enqueue(whole.subarray(at, at + size))
      controller.close()
    },
  })
}

async function decoded(text: string, size = 64): Promise<Buffer> {
  return Buffer.from(await new Response(decodeFile(streamOf(text, size))).arrayBuffer())
}

describe('a file of i3D.net', () => {
  it.each([1, 2, 3, 5, 64, 100_000])('is the same in pieces of %i bytes', async (size) => {
    expect((await decoded(JSON.stringify(base64), size)).equals(bytes)).toBe(true)
    expect((await decoded(JSON.stringify([base64]), size)).equals(bytes)).toBe(true)
    expect((await decoded(` [ "${base64}" ]\n`, size)).equals(bytes)).toBe(true)
  })

  it.each([1, 2, 3, 64])('may have its slashes escaped and its lines broken, in pieces of %i bytes', async (size) => {
    const lines = base64.match(/.{1,76}/g)?.join('\r\n') ?? ''
    const escaped = JSON.stringify(lines).replaceAll('/', '\\/')
    expect(escaped).toContain('\\/')
    expect((await decoded(escaped, size)).equals(bytes)).toBe(true)
  })

  it.each([0, 1, 2, 3, 4, 5])('may be %i bytes long, padded or not', async (length) => {
    const few = Buffer.from(bytes.subarray(0, length))
    expect((await decoded(JSON.stringify(few.toString('base64')), 1)).equals(few)).toBe(true)
    expect((await decoded(JSON.stringify(few.toString('base64').replaceAll('=', '')), 1)).equals(few)).toBe(true)
  })

  it.each([
    ['an object', '{"data":"QUJD"}'],
    ['nothing', ''],
    ['null', 'null'],
    ['HTML', '<html></html>'],
    ['a string that ends early', '"QUJD'],
    ['text that is not base64', '"not base64!"'],
    ['more after its padding', '"QQ==QUJD"'],
    ['more after its end', '"QUJD","QUJD"'],
    ['an escape that base64 has no use for', '"QUJD\\u0041"'],
  ])('is not made of %s', async (_, text) => {
    for (const size of [1, 4, 1_000]) {
      const reading = new Response(decodeFile(streamOf(text, size))).arrayBuffer()
      expect(await codeOf(reading)).toBe('unexpected')
    }
  })
})
