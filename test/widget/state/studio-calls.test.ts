import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RelayProblem } from '../../../widget/relay/call.ts'
import { claimsIn, minuteMs, openTab, type Tab, tokenOf } from '../../fixtures/widget/tabs.ts'
import { createVirtualTime, type VirtualTime } from '../../fixtures/widget/virtual-time.ts'

const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** The relay takes a token so much longer, in case clocks differ: `server/players/studio-claims.ts`. */
const skewMs = minuteMs

let time: VirtualTime
let tabs: Tab[]
let games = 0
let calls: number[]

beforeEach(() => {
  time = createVirtualTime()
  tabs = []
  calls = []
  games += 1
})
afterEach(() => {
  for (const tab of tabs) tab.destroy()
  vi.restoreAllMocks()
  localStorage.clear()
})

function open(aheadMs = 0): Tab {
  const tab = openTab({ game: `game-${games}`, clock: time.clock(aheadMs) })
  tabs.push(tab)
  return tab
}

const seconds = () => Math.floor(time.now() / 1000)
const fresh = (sub: string, lifetimeMs = hourMs) =>
  tokenOf(sub, { iat: seconds(), exp: seconds() + lifetimeMs / 1000, jti: calls.length })

/** The studio's backend, whoever calls it. */
function studio(answer: () => string | Promise<string>): () => Promise<string> {
  return async () => {
    calls.push(time.now())
    return answer()
  }
}

const isTaken = (token: string) => (claimsIn(token).exp ?? 0) * 1000 + skewMs > time.now()

/** Asks the relay for something each few seconds, as an open panel does. @returns how often it was let in. */
function useRelay(session: Tab): () => number {
  let times = 0
  const clock = time.clock()
  const ask = async () => {
    clock.after(5000, ask)
    const token = await session.token().catch(() => undefined)
    if (!token) return
    const taken = isTaken(token) ? token : await session.renew(token)
    if (taken && isTaken(taken)) times += 1
  }
  ask()
  return () => times
}

const mostInAMinute = () =>
  Math.max(0, ...calls.map((from) => calls.filter((at) => at >= from && at < from + minuteMs).length))

const never = () => new Promise<string>(() => {})
const reject = () => Promise.reject(Error('the studio is down'))

describe('a studio’s backend is asked for tokens', () => {
  it.each([
    ['two hours ahead', 2 * hourMs],
    ['two hours behind', -2 * hourMs],
    ['forty days ahead', 40 * dayMs],
  ])('once in an hour, where the device’s clock is %s', async (_, aheadMs) => {
    const tab = open(aheadMs)
    tab.signIn(studio(() => fresh('ada')))
    const times = useRelay(tab)
    await time.pass(50 * minuteMs)
    expect(calls).toHaveLength(1)
    await time.pass(15 * minuteMs)
    expect(calls).toHaveLength(2)
    expect(times()).toBeGreaterThan(700)
    expect(tab.ended.value).toBeUndefined()
  })

  it('once in a minute for tokens of thirty seconds, and each of them is good as long as the relay takes it', async () => {
    const tab = open()
    tab.signIn(studio(() => fresh('ada', 30_000)))
    const times = useRelay(tab)
    await time.pass(10 * minuteMs)
    expect(mostInAMinute()).toBeLessThanOrEqual(1)
    expect(times()).toBeGreaterThan(115)
  })

  const troubles: [string, () => string | Promise<string>][] = [
    ['gives tokens of thirty seconds', () => fresh('ada', 30_000)],
    ['gives tokens that have ended', () => fresh('ada', -5 * minuteMs)],
    ['gives nothing', () => ''],
    ['rejects', reject],
    ['never answers', never],
  ]
  for (const open7 of [false, true]) {
    it.each(troubles)(`twice in a minute at most${open7 ? ' by seven tabs' : ''}, where it %s`, async (_, answer) => {
      const opened = Array.from({ length: open7 ? 7 : 1 }, () => open(2 * hourMs))
      for (const tab of opened) tab.signIn(studio(answer))
      for (const tab of opened) useRelay(tab)
      await time.pass(10 * minuteMs)
      expect(calls.length).toBeGreaterThan(1)
      expect(mostInAMinute()).toBeLessThanOrEqual(2)
    })
  }

  it('ever more rarely while it fails, and as usual again once it does not', async () => {
    let isDown = true
    const tab = open()
    tab.signIn(studio(() => (isDown ? reject() : fresh('ada', 30_000))))
    await time.pass(60 * minuteMs)
    expect(calls.length).toBeGreaterThan(5)
    expect(calls.length).toBeLessThan(20)
    expect(tab.ended.value).toBe('sign_in_failed')
    isDown = false
    await time.pass(11 * minuteMs)
    expect(tab.ended.value).toBeUndefined()
    calls = []
    await time.pass(10 * minuteMs)
    expect(calls.length).toBeGreaterThan(5)
  })

  it('by one tab for all that have the same player, and by each for its own player', async () => {
    let asked = 0
    const ofAda = () => studio(() => fresh('ada'))
    const first = open()
    const second = open()
    const ben = open()
    first.signIn(ofAda())
    second.signIn(ofAda())
    await time.pass(5 * minuteMs)
    ben.signIn(async () => {
      asked += 1
      return fresh('ben')
    })
    await time.pass(5 * minuteMs)
    expect([calls.length, asked]).toEqual([2, 1])
    await time.pass(55 * minuteMs)
    expect([calls.length, asked]).toEqual([3, 2])
    expect(await first.token()).toBe(await second.token())
    expect(claimsIn(await ben.token()).sub).toBe('ben')
    expect(claimsIn(await first.token()).sub).toBe('ada')
  })

  it('by a tab that does not know yet who its player is, whatever the others say', async () => {
    const first = open()
    const second = open()
    second.signIn(never)
    first.signIn(studio(() => fresh('ada')))
    await time.pass(minuteMs)
    expect(claimsIn(await first.token()).sub).toBe('ada')
    expect(second.owner.value).toBe('')
    expect(second.ended.value).toBe('sign_in_failed')
  })

  it('by a tab that was handed another function, though the others go on as the player it had before', async () => {
    const first = open()
    const second = open()
    for (const tab of [first, second]) tab.signIn(studio(() => fresh('ada')))
    await time.settle()
    const before = await first.token()
    second.signIn(never)
    await time.pass(65 * minuteMs)
    expect(await first.token()).not.toBe(before)
    expect(second.owner.value).toBe('')
  })

  it('at most twice in a minute by each tab, where there are no locks', async () => {
    vi.spyOn(navigator, 'locks', 'get').mockReturnValue(undefined as never)
    const tab = open()
    tab.signIn(studio(reject))
    await time.pass(10 * minuteMs)
    expect(calls.length).toBeGreaterThan(1)
    expect(mostInAMinute()).toBeLessThanOrEqual(2)
  })
})

describe('a function for tokens', () => {
  it('that is handed over while another one hangs is asked at once, and answers whoever was waiting', async () => {
    const tab = open()
    tab.signIn(studio(never))
    const waiting = tab.token()
    await time.settle()
    tab.signIn(studio(() => fresh('ben')))
    expect(claimsIn(await waiting).sub).toBe('ben')
    expect(calls).toHaveLength(2)
  })

  it('of somebody else is asked at once, though two other tabs have just asked', async () => {
    const [tab, ...others] = [open(), open(), open()]
    tab.signIn(studio(() => fresh('ada')))
    expect(claimsIn(await tab.token()).sub).toBe('ada')
    await time.pass(2 * minuteMs)
    for (const other of others) other.signIn(studio(() => fresh('ada')))
    await time.settle()
    expect(calls).toHaveLength(3)
    tab.signIn(studio(() => fresh('ben')))
    await time.settle()
    expect(claimsIn(await tab.token()).sub).toBe('ben')
    expect(calls).toHaveLength(4)
  })

  it('is asked, though tabs that sleep keep the locks for good', async () => {
    for (const lock of [1, 2]) navigator.locks.request(`medkit:game-${games}:token:${lock}`, never)
    const tab = open()
    tab.signIn(studio(() => fresh('ada')))
    await time.pass(31 * minuteMs)
    expect(calls).toHaveLength(1)
    expect(claimsIn(await tab.token()).sub).toBe('ada')
  })

  it('is asked once more at once, where a page hands over another each moment', async () => {
    const tab = open()
    for (let drawn = 0; drawn < 100; drawn += 1) {
      tab.signIn(studio(() => fresh('ada')))
      await time.pass(100)
    }
    expect(calls).toHaveLength(3)
  })

  it('is asked at once after signing out, however often somebody else has signed in', async () => {
    const tab = open()
    for (const name of ['ada', 'ben', 'cleo', 'dan']) {
      tab.signIn(studio(() => fresh(name)))
      expect(claimsIn(await tab.token()).sub).toBe(name)
      tab.signOut()
      await time.settle()
    }
  })

  it('that hangs is given up, said as what it is, and heard all the same when it answers late', async () => {
    let answer = (_token: string) => {}
    const tab = open()
    tab.signIn(
      studio(
        () =>
          new Promise((resolve) => {
            answer = resolve
          }),
      ),
    )
    const waiting = tab.token().catch((error: unknown) => error)
    await time.pass(19_000)
    expect(tab.ended.value).toBeUndefined()
    await time.pass(2000)
    expect(await waiting).toMatchObject({ code: 'sign_in_failed' })
    expect(await waiting).toBeInstanceOf(RelayProblem)
    expect(tab.ended.value).toBe('sign_in_failed')
    answer(fresh('ada'))
    await time.settle()
    expect(tab.ended.value).toBeUndefined()
    expect(claimsIn(await tab.token()).sub).toBe('ada')
  })

  it('is not heard once another was asked, or nobody is to be here', async () => {
    const answers: ((token: string) => void)[] = []
    const slow = () => studio(() => new Promise((resolve) => answers.push(resolve)))
    const tab = open()
    tab.signIn(slow())
    await time.settle()
    const same = slow()
    tab.signIn(same)
    await time.settle()
    tab.signOut()
    tab.signIn(same)
    await time.settle()
    const [first, second, third] = answers
    first?.(fresh('ada'))
    second?.(fresh('ben'))
    await time.settle()
    expect(tab.owner.value).toBe('')
    third?.(fresh('cleo'))
    expect(claimsIn(await tab.token()).sub).toBe('cleo')
  })

  it('that fails while the token before still holds leaves the player where they are', async () => {
    let isDown = false
    const tab = open()
    tab.signIn(studio(() => (isDown ? reject() : fresh('ada', 10 * minuteMs))))
    await time.settle()
    const before = await tab.token()
    isDown = true
    await time.pass(9.5 * minuteMs)
    expect(calls.length).toBeGreaterThan(1)
    expect(tab.ended.value).toBeUndefined()
    expect(await tab.token()).toBe(before)
  })
})
