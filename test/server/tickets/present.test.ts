/** Times on the wire are written by hand, because there are so many of them, and yet exactly as JavaScript writes them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { instant } from '../../../server/tickets/present.ts'

it('every time is written as toISOString does, whatever was written before it', () => {
  const anyTime = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') })
  fc.assert(
    fc.property(fc.array(anyTime, { minLength: 1 }), (times) => {
      expect(times.map(instant)).toEqual(times.map((time) => new Date(time).toISOString()))
    }),
  )
})

it.each([
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2024-02-29T00:00:00.000Z',
  '2024-02-29T23:59:59.999Z',
  '2026-11-21T09:08:07.006Z',
])('%s is written so', (text) => {
  expect(instant(Date.parse(text))).toBe(text)
})

it('what is no time is written as none', () => {
  expect(() => instant(Number.NaN)).toThrow(RangeError)
})
