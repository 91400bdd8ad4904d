/** Links that open one file for a while, and for nobody who changes them. */
import { describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { createLinks } from '../../../server/files/links.ts'
import { newId } from '../../fixtures/blob-stores.ts'

const start = Date.parse('2027-03-01T12:00:00Z')
let now = start
const linksBy = (...[newest = '', ...older]: string[]) =>
  createLinks({
    secrets: [Buffer.from(newest), ...older.map((one) => Buffer.from(one))],
    publicUrl: 'https://support.example/',
    clock: () => now,
  })
const links = linksBy('a secret of the relay')
const id = newId() as AttachmentId

function at<T>(later: number, work: () => T): T {
  now = start + later
  try {
    return work()
  } finally {
    now = start
  }
}

describe('a signed link', () => {
  const link = links.sign(id, 3_600)
  const altered = (change: (url: URL) => void) => {
    const url = new URL(link)
    change(url)
    return links.verify(url)
  }

  it('is absolute and opens its own file', () => {
    expect(link).toMatch(new RegExp(`^https://support\\.example/files/${id}\\?until=\\d+&signature=[\\w-]{43}$`))
    expect(links.verify(new URL(link))).toBe(id)
  })

  it('opens until its time is over, and not a second longer', () => {
    expect(at(3_599_000, () => links.verify(new URL(link)))).toBe(id)
    expect(at(3_600_000, () => links.verify(new URL(link)))).toBeUndefined()
  })

  it('does not open longer by changing its end', () => {
    expect(altered((url) => url.searchParams.set('until', '9999999999'))).toBeUndefined()
  })

  it('does not open another file', () => {
    expect(altered((url) => (url.pathname = `/files/${newId()}`))).toBeUndefined()
  })

  it.each(['', 'x', 'A'.repeat(43), '%00', 'ü'.repeat(43)])('does not open with %j for a signature', (signature) => {
    expect(altered((url) => url.searchParams.set('signature', signature))).toBeUndefined()
  })

  it.each(['', 'NaN', 'Infinity', '1e99', '-1', '0x7fffffff'])('does not open with %j for an end', (until) => {
    expect(altered((url) => url.searchParams.set('until', until))).toBeUndefined()
  })

  it('does not open without an end or a signature', () => {
    expect(altered((url) => url.searchParams.delete('until'))).toBeUndefined()
    expect(altered((url) => url.searchParams.delete('signature'))).toBeUndefined()
  })

  it('does not open at a relay with another secret', () => {
    expect(linksBy('another').verify(new URL(link))).toBeUndefined()
  })

  it('opens while the secret that signed it is among the older ones, and is signed anew with the newest', () => {
    const both = linksBy('another', 'a secret of the relay')
    expect(both.verify(new URL(link))).toBe(id)
    expect(linksBy('another').verify(new URL(both.sign(id, 60)))).toBe(id)
  })

  it('opens behind a path that a proxy put before it', () => {
    const behind = createLinks({
      secrets: [Buffer.from('s')],
      publicUrl: 'https://studio.example/support',
      clock: () => now,
    })
    expect(behind.verify(new URL(behind.sign(id, 60)))).toBe(id)
  })
})
