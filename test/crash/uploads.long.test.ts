/** The short run of `npm run test:uploads`. */
import { expect, it } from 'vitest'
import { breakUploads } from './uploads.ts'

it('Cut at random points by relay, line and vendor, each upload goes on where it stood and arrives byte by byte', {
  timeout: 300_000,
}, async () => {
  const result = await breakUploads(3)
  expect(result).toMatchObject({ startedOver: [], lost: [], changed: [], doubled: [], violations: [] })
  expect(result.cuts.relay).toBe(3)
  expect(result.inTheMiddle).toBeGreaterThan(0)
})
