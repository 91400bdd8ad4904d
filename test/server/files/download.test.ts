/** A file leaves the relay as a download and nothing else. */
import { describe, expect, it } from 'vitest'
import { dispositionOf, responseFor } from '../../../server/files/download.ts'

const respond = (fileName: string, fileType: string, fileSize?: number) =>
  responseFor(new Blob(['hello']).stream(), { fileName, fileType, fileSize })

describe('a download', () => {
  it('carries every header that keeps a browser from running it', async () => {
    const { headers } = respond('a.png', 'image/png', 5)
    expect(Object.fromEntries(headers)).toEqual({
      'cache-control': 'private, no-store',
      'content-disposition': `attachment; filename="a.png"; filename*=UTF-8''a.png`,
      'content-length': '5',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })

  it('says no length where the vendor gave none', () => {
    expect(respond('a.png', 'image/png').headers.has('content-length')).toBe(false)
  })

  it.each([
    'image/svg+xml',
    'text/html',
    'application/xhtml+xml',
    'text/javascript',
    'application/xml',
    'message/rfc822',
    'nonsense',
    'text/plain\r\nX: y',
    '',
  ])('serves %j as bytes', (fileType) => {
    expect(respond('a', fileType).headers.get('content-type')).toBe('application/octet-stream')
  })
})

describe('the name of a download', () => {
  const decode = (value: string) => decodeURIComponent(/filename\*=UTF-8''(\S+)$/.exec(value)?.[1] ?? '')

  it.each(['a.png', 'Kim’s größe.png', '日本 語.png', `it's (1)*.png`, '100%.png', 'a;b="c".png'])(
    '%s comes through whole',
    (name) => {
      const value = dispositionOf(name)
      expect(decode(value)).toBe(name)
      expect(value).toMatch(/^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''[\w.!#$&+^`|~%-]+$/)
      expect(/filename="([^"]*)"/.exec(value)?.[1]).not.toMatch(/[\\/%;]/)
    },
  )

  it('cannot end the header or the quotes', () => {
    const value = dispositionOf('a"\r\nSet-Cookie: b=c; x="\ud800.html')
    expect(value).not.toMatch(/[\r\n]/)
    expect(value.match(/"/g)).toHaveLength(2)
    expect(() => new Headers({ 'content-disposition': value })).not.toThrow()
  })
})
