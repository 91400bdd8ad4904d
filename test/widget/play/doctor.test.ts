import { afterEach, describe, expect, it, vi } from 'vitest'
import { examine } from '../../../widget/play/doctor.ts'
import { createTestRelay, problem } from '../../fixtures/widget/test-relay.ts'

describe('doctor', () => {
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'open' })
  const relay = createTestRelay()
  const findings = async () => {
    const found = await examine({ relay: location.origin, game: 'star-harbor', root })
    return Object.fromEntries(found.map(({ check, ok, detail }) => [check, { ok, detail }]))
  }
  const answered = (answer: ReturnType<typeof problem>) => {
    relay.answer('GET /games/:game', () => answer)
    vi.stubGlobal('fetch', relay.fetch)
    return findings()
  }

  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  it('is content where the relay takes the page', async () => {
    const { relay: reached, origin } = await answered({ status: 200, body: relay.game })
    expect([reached?.ok, origin?.ok]).toEqual([true, true])
  })

  it('names the line of the configuration that does not list a refused page, and says that the relay is there', async () => {
    const { relay: reached, origin } = await answered(problem(403, 'origin_not_allowed'))
    expect(reached?.ok).toBe(true)
    expect(origin?.ok).toBe(false)
    expect(origin?.detail).toContain(`"games.star-harbor.origins" in the relay's configuration`)
    expect(origin?.detail).toContain(`"${location.origin}"`)
  })

  it.each([
    ['that the relay has no such game', problem(404, 'not_found'), /no "games\.star-harbor"/],
    ['that the relay is called by a name it does not know', problem(403, 'host_not_allowed'), /"publicUrl"/],
    ['that it is no relay that answers', { status: 200, body: {} }, /something else is at that address/],
    ['that something in between refuses', { status: 403, body: undefined }, /something else is at that address/],
    ['that there is no way to it', 'offline' as const, /cannot be reached/],
  ])('says %s', async (_, answer, detail) => {
    const { relay: reached } = await answered(answer)
    expect(reached?.ok).toBe(false)
    expect(reached?.detail).toMatch(detail)
  })

  it('comes to an end where the browser leaves a database hanging', async () => {
    const hanging = new EventTarget() as IDBOpenDBRequest
    vi.spyOn(indexedDB, 'open').mockReturnValue(hanging)
    const { outbox } = await answered({ status: 200, body: relay.game })
    expect(outbox).toEqual({ ok: false, detail: 'unsent messages last as long as the page: IndexedDB does not open' })
  })
})
