import { describe, expect, it, vi } from 'vitest'
import { useTestPage } from '../../fixtures/widget/page.ts'

describe('the doctor', () => {
  const testPage = useTestPage()

  async function clockWhere(relayIsAheadMs: number | undefined) {
    const date = relayIsAheadMs === undefined ? undefined : new Date(Date.now() + relayIsAheadMs).toUTCString()
    vi.stubGlobal('fetch', async () => new Response('{}', { headers: date === undefined ? {} : { Date: date } }))
    return (await testPage.medkit.doctor()).find(({ check }) => check === 'clock')
  }

  it.each([
    [-2 * 3_600_000, /^this device is 2 h 0 min ahead of the relay: /],
    [90 * 60_000, /^this device is 1 h 30 min behind the relay: /],
    [-40 * 86_400_000, /^this device is 40 d 0 h ahead of the relay: /],
  ])('says how far the device’s clock is off, and which way', async (relayIsAheadMs, detail) => {
    expect(await clockWhere(relayIsAheadMs)).toMatchObject({ ok: false, detail: expect.stringMatching(detail) })
  })

  it('is content with a clock that is right, and not with one it cannot compare', async () => {
    expect(await clockWhere(0)).toMatchObject({ ok: true })
    expect(await clockWhere(undefined)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^cannot be compared/),
    })
  })
})
