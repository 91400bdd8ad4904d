import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Session as Granted, NewSession } from '../../../server/contract/player.ts'
import { openTab, type Tab, tokenOf } from '../../fixtures/widget/tabs.ts'
import { createVirtualTime, type VirtualTime } from '../../fixtures/widget/virtual-time.ts'

const dayMs = 86_400_000
const monthMs = 30 * dayMs

let time: VirtualTime
let game: string
let games = 0
let tabs: Tab[]
/** What the relay was asked, and gives once it is let go. */
let asked: { body: NewSession; give: () => Promise<void> }[]

beforeEach(() => {
  time = createVirtualTime()
  tabs = []
  asked = []
  games += 1
  game = `family-${games}`
})
afterEach(() => {
  for (const tab of tabs) tab.destroy()
  vi.restoreAllMocks()
  localStorage.clear()
})

function open(aheadMs = 0): Tab {
  const ask = (body: NewSession) =>
    new Promise<Granted>((resolve) => {
      const name = `anon:${asked.length}`
      const give = () => {
        resolve(session(name))
        return time.settle()
      }
      asked.push({ body, give })
    })
  const tab = openTab({ game, clock: time.clock(aheadMs), ask })
  tabs.push(tab)
  return tab
}

const session = (sub: string, more: object = {}): Granted => ({
  token: tokenOf(sub, more),
  kind: 'anonymous',
  expiresAt: new Date(time.now() + monthMs).toISOString(),
  recoveryKey: `KEY-OF-${sub}`,
})
const put = (kept: Granted) => localStorage.setItem(`medkit:${game}:session`, JSON.stringify(kept))
const keptToken = () => JSON.parse(localStorage.getItem(`medkit:${game}:session`) ?? '{}').token
const keptKey = () => JSON.parse(localStorage.getItem(`medkit:${game}:session`) ?? '{}').recoveryKey
const kinds = () => asked.map(({ body }) => body.kind)
const withoutLocks = () => vi.spyOn(navigator, 'locks', 'get').mockReturnValue(undefined as never)

describe('the first session of somebody without an account', () => {
  it('is one, however many tabs need it at once', async () => {
    const opened = [open(), open(), open()]
    const begun = opened.map((tab) => tab.begin())
    await time.settle()
    expect(asked).toHaveLength(1)
    await asked[0]?.give()
    await time.pass(1000)
    await Promise.all(begun)
    expect(kinds()).toEqual(['anonymous'])
    for (const tab of opened) {
      expect(await tab.token()).toBe(keptToken())
      expect(tab.owner.value).toBe('anon:0')
    }
  })

  it.each([
    ['the first that is answered', 0, 1],
    ['the first that is answered, though it asked last', 1, 0],
  ])('is, where there are no locks, %s; the other is ended', async (_, early, late) => {
    withoutLocks()
    const opened = [open(), open()]
    const begun = opened.map((tab) => tab.begin())
    await time.settle()
    expect(asked).toHaveLength(2)
    await asked[early]?.give()
    await asked[late]?.give()
    await time.pass(1000)
    await Promise.all(begun)
    expect(keptKey()).toBe(`KEY-OF-anon:${early}`)
    expect(opened.flatMap(({ ends }) => ends)).toEqual([session(`anon:${late}`).token])
    for (const tab of opened) expect(await tab.token()).toBe(session(`anon:${early}`).token)
  })

  it('is left by a tab whose own was overwritten unseen, before anything is written in it', async () => {
    withoutLocks()
    const tab = open()
    const begun = tab.begin().catch((error: unknown) => error)
    await time.settle()
    await asked[0]?.give()
    put(session('anon:other'))
    await time.pass(1000)
    expect(await begun).toMatchObject({ cause: 'superseded' })
    expect(tab.ends).toEqual([session('anon:0').token])
    expect(await tab.token()).toBe(keptToken())
    expect(tab.owner.value).toBe('anon:other')
  })

  it('is the only one where the device’s clock is forty days ahead', async () => {
    const tab = open(40 * dayMs)
    const begun = tab.begin()
    await time.settle()
    await asked[0]?.give()
    await time.pass(1000)
    await begun
    for (let call = 0; call < 3; call += 1) await tab.token()
    await time.pass(dayMs)
    expect(kinds()).toEqual(['anonymous'])
  })
})

describe('a session that has run out', () => {
  it('is renewed by one tab for all', async () => {
    const old = session('anon:me')
    put(old)
    const opened = [open(), open()]
    const renewed = opened.map((tab) => tab.renew(old.token))
    await time.settle()
    await asked[0]?.give()
    await time.pass(1000)
    expect(await Promise.all(renewed)).toEqual([keptToken(), keptToken()])
    expect(kinds()).toEqual(['recover'])
  })

  it('is not renewed for a player who signs out in another tab meanwhile', async () => {
    const old = session('anon:me')
    put(old)
    const [tab, other] = [open(), open()]
    const renewed = tab.renew(old.token).catch((error: unknown) => error)
    await time.settle()
    other.signOut()
    await asked[0]?.give()
    await time.pass(1000)
    expect(await renewed).toMatchObject({ cause: 'superseded' })
    expect(keptToken()).toBeUndefined()
    expect(tab.ends).toEqual([session('anon:0').token])
    expect(tab.kind.value).toBeUndefined()
  })

  it('is kept again where a game has cleared it, and not where another tab has signed out unheard', async () => {
    put(session('anon:me'))
    const [tab, other] = [open(), open()]
    localStorage.clear()
    await tab.begin()
    expect(keptToken()).toBe(session('anon:me').token)
    other.signOut()
    expect(await tab.begin().catch((error: unknown) => error)).toMatchObject({ cause: 'superseded' })
    expect(keptToken()).toBeUndefined()
    expect(tab.kind.value).toBeUndefined()
  })

  it('ends for good with signing out, though another tab has kept it anew just then', async () => {
    put(session('anon:me'))
    const tab = open()
    let release = () => {}
    navigator.locks.request(
      `medkit:${game}:session`,
      () =>
        new Promise<void>((resolve) => {
          release = resolve
        }),
    )
    await time.settle()
    tab.signOut()
    const again = session('anon:me', { jti: 'again' })
    put(again)
    release()
    await time.settle()
    expect(keptToken()).toBeUndefined()
    expect(tab.ends).toEqual([session('anon:me').token, again.token])
  })
})
