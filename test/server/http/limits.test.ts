/** How often is too often, for whom. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { defaultPoints, limitKinds as kinds, type LimitKind } from '../../../server/config/limits.ts'
import { createLimits, type LimitLedger, type LimitOptions } from '../../../server/http/limits.ts'

/** What an honest player does in one window. */
const honest = { session: 1, open: 2, reply: 5, read: 30, upload: 5, piece: 30, export: 2, work: 200, desk: 0 }

/** `mail` has players of another kind; past those without proof nobody is refused who shows some work. */
const isFence = (kind: LimitKind): kind is keyof typeof honest => !['mail', 'unproved', 'unprovedMail'].includes(kind)

afterEach(() => {
  vi.useRealTimers()
})

/** The count of a shared store, as PostgreSQL would keep it. */
function createLedger(): LimitLedger & { keys: string[]; calls: () => number } {
  const windows = new Map<string, { count: number; endsAt: number }>()
  let calls = 0
  return {
    get keys() {
      return [...windows.keys()]
    },
    calls: () => calls,
    async count(key, windowMs, by) {
      calls += 1
      const known = windows.get(key)
      const window = known && known.endsAt > Date.now() ? known : { count: 0, endsAt: Date.now() + windowMs }
      window.count += by
      windows.set(key, window)
      return { count: window.count, endsInMs: window.endsAt - Date.now() }
    },
  }
}

const stores: [string, () => LimitOptions][] = [
  ['in memory', () => ({})],
  ['with a ledger', () => ({ ledger: createLedger() })],
]

describe.each(stores)('%s', (_, options) => {
  it.each(kinds.filter(isFence))('500 honest players behind one address are all served (%s)', async (kind) => {
    const limits = createLimits(options())
    let refused = 0
    for (let player = 0; player < 500; player += 1)
      for (let n = 0; n < honest[kind]; n += 1) {
        const spent = await limits.spend(kind, { player: `p${player}`, device: `d${player}`, address: '203.0.113.7' })
        if (!spent.ok) refused += 1
      }
    expect(refused).toBe(0)
  })

  it.each(kinds)('one player has their own limit, wherever they come from (%s)', async (kind) => {
    const limits = createLimits(options())
    const { player, windowSeconds } = defaultPoints[kind]
    for (let n = 0; n < player; n += 1)
      expect(await limits.spend(kind, { player: 'p', address: `203.0.113.${n % 250}` })).toEqual({ ok: true })
    const refused = await limits.spend(kind, { player: 'p', address: '198.51.100.1' })
    expect(refused.ok).toBe(false)
    const seconds = refused.ok ? 0 : refused.retryAfterSeconds
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(windowSeconds)
    expect(Number.isInteger(seconds)).toBe(true)
    expect(await limits.spend(kind, { player: 'q', address: '198.51.100.1' })).toEqual({ ok: true })
  })

  it('one device has its own limit, however many players it makes up', async () => {
    const limits = createLimits(options())
    const outcomes: boolean[] = []
    for (let n = 0; n <= defaultPoints.session.device; n += 1)
      outcomes.push((await limits.spend('session', { player: `p${n}`, device: 'd' })).ok)
    expect(outcomes.filter((ok) => !ok)).toHaveLength(1)
    expect(outcomes.at(-1)).toBe(false)
  })

  it('who hammers is refused without using up the address of the neighbours', async () => {
    const points = { open: { windowSeconds: 600, player: 2, device: 100, address: 5 } }
    const limits = createLimits({ ...options(), points })
    for (let n = 0; n < 100; n += 1) await limits.spend('open', { player: 'noisy', address: '203.0.113.7' })
    for (const player of ['a', 'b', 'c'])
      expect((await limits.spend('open', { player, address: '203.0.113.7' })).ok).toBe(true)
    expect((await limits.spend('open', { player: 'd', address: '203.0.113.7' })).ok).toBe(false)
  })

  it('asking alone costs nothing, and tells how one more would fare', async () => {
    const limits = createLimits(options())
    const who = { address: '203.0.113.7' }
    for (let n = 0; n < defaultPoints.desk.address; n += 1) {
      expect(await limits.spend('desk', who, 0)).toEqual({ ok: true })
      expect(await limits.spend('desk', who)).toEqual({ ok: true })
    }
    expect(await limits.spend('desk', who, 0)).toMatchObject({ ok: false })
  })

  it('a new window is a new count', async () => {
    vi.useFakeTimers()
    const limits = createLimits({
      ...options(),
      points: { open: { windowSeconds: 10, player: 1, device: 1, address: 9 } },
    })
    expect(await limits.spend('open', { player: 'p' })).toEqual({ ok: true })
    expect(await limits.spend('open', { player: 'p' })).toEqual({ ok: false, retryAfterSeconds: 10 })
    vi.advanceTimersByTime(9_500)
    expect(await limits.spend('open', { player: 'p' })).toEqual({ ok: false, retryAfterSeconds: 1 })
    vi.advanceTimersByTime(501)
    expect(await limits.spend('open', { player: 'p' })).toEqual({ ok: true })
  })
})

it('a clock that is set back makes nobody wait longer than their window', async () => {
  vi.useFakeTimers()
  const limits = createLimits({ points: { open: { windowSeconds: 10, player: 1, device: 1, address: 9 } } })
  await limits.spend('open', { player: 'p' })
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await limits.spend('open', { player: 'p' })).toMatchObject({ ok: false })
  vi.advanceTimersByTime(10_001)
  expect(await limits.spend('open', { player: 'p' })).toEqual({ ok: true })
})

describe('an address', () => {
  const points = { open: { windowSeconds: 600, player: 9, device: 9, address: 1 } }

  it.each([
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff::9', false],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', true],
    ['2001:db8::1', '2001:db8:0:0:1::', false],
    ['::1', '::2', false],
    ['fe80::1%eth0', 'fe80::2%eth1', false],
    ['203.0.113.7', '::ffff:203.0.113.7', false],
    ['203.0.113.7', '203.0.113.8', true],
  ])('%s then %s: served %s', async (first, second, served) => {
    const limits = createLimits({ points })
    await limits.spend('open', { address: first })
    expect((await limits.spend('open', { address: second })).ok).toBe(served)
  })

  it('that is anything else is counted as it is', async () => {
    const limits = createLimits({ points })
    for (const address of ['unknown', 'a:b:c', ':::', '1::2::3', '']) await limits.spend('open', { address })
  })
})

describe('several relays', () => {
  it('count together in the ledger', async () => {
    const ledger = createLedger()
    const relays = [1, 2, 3].map(() => createLimits({ ledger }))
    const asked = Array.from({ length: 30 }, (_, n) => relays[n % 3]?.spend('open', { player: 'p' }))
    const served = (await Promise.all(asked)).filter((spent) => spent?.ok)
    expect(served).toHaveLength(defaultPoints.open.player)
  })

  it('do not ask the ledger again about somebody who is over', async () => {
    const ledger = createLedger()
    const limits = createLimits({ ledger })
    for (let n = 0; n < 500; n += 1) await limits.spend('open', { player: 'p' })
    expect(ledger.calls()).toBe(defaultPoints.open.player + 1)
  })

  it('share the fence around an address, off by no more than a hundredth each, and ask about it rarely', async () => {
    const ledger = createLedger()
    const relays = [1, 2, 3].map(() => createLimits({ ledger }))
    const { address } = defaultPoints.session
    let served = 0
    for (let n = 0; n < address * 1.2; n += 1)
      if ((await relays[n % 3]?.spend('session', { address: '203.0.113.7' }))?.ok) served += 1
    expect(served).toBeGreaterThanOrEqual(address * 0.97)
    expect(served).toBeLessThanOrEqual(address * 1.03)
    expect(ledger.calls()).toBeLessThan(150)
  })

  it('count requests that come while the ledger is being asked', async () => {
    const ledger = createLedger()
    const limits = createLimits({ ledger })
    const { address } = defaultPoints.open
    const asked = Array.from({ length: address * 2 }, () => limits.spend('open', { address: '203.0.113.7' }))
    const served = (await Promise.all(asked)).filter(({ ok }) => ok).length
    expect(served).toBeGreaterThanOrEqual(address * 0.99)
    expect(served).toBeLessThanOrEqual(address * 1.02)
  })

  it('go on counting in memory while the ledger is gone, and say so', async () => {
    const troubles: unknown[] = []
    const broken = { count: () => Promise.reject(new Error('the store is gone')) }
    const limits = createLimits({ ledger: broken, onLedgerFailure: (error) => troubles.push(error) })
    const outcomes: boolean[] = []
    for (let n = 0; n <= defaultPoints.open.player; n += 1)
      outcomes.push((await limits.spend('open', { player: 'p' })).ok)
    expect(outcomes.filter((ok) => !ok)).toHaveLength(1)
    expect(troubles.length).toBeGreaterThan(0)
  })

  it('keep no id and no address in the ledger', async () => {
    const ledger = createLedger()
    await createLimits({ ledger }).spend('open', {
      player: 'star-harbor player-1',
      device: 'd-9',
      address: '203.0.113.7',
    })
    expect(ledger.keys).toHaveLength(3)
    for (const key of ledger.keys) expect(key).toMatch(/^open:(player|device|address):[A-Za-z0-9_-]{22}$/)
  })

  it('count reads each for itself', async () => {
    const ledger = createLedger()
    await createLimits({ ledger }).spend('read', { player: 'p', address: '203.0.113.7' })
    expect(ledger.calls()).toBe(0)
  })
})
