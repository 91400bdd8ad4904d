/** Several tabs of one browser: one player, one session, and one studio that is not to be asked by each of them. */
import type { BrowserContext, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, type HostPage, launch, startHostPage } from './browser.ts'
import { button, sendTicket, write } from './player.ts'

declare global {
  interface Window {
    /** The studio's backend, as a page of its own reaches it. */
    askStudio(): Promise<string>
    /** A backend that never answers. */
    hang(): Promise<string>
  }
}

const studio = createStudio()
const minuteMs = 60_000

let host: HostPage & { embed: (relayUrl: string, game: string) => void }
let relay: TestRelay
let context: BrowserContext
let asked: Request[]

beforeEach(async () => {
  host = await startHostPage()
  const game = { origins: [host.url], players: { jwt: studio.config, anonymous: true } }
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game })
  host.embed(relay.url, 'star-harbor')
  context = await (await launch()).newContext({ locale: 'de' })
  context.setDefaultTimeout(40_000)
  asked = []
  context.on('request', (request) => asked.push(request))
})
afterEach(async () => {
  await context.close()
  await relay.close()
  await host.close()
})
afterAll(closeBrowser)

const tokenOf = (name: string, lastsSeconds = 3_600) => {
  const now = Math.floor(Date.now() / 1000)
  return studio.sign({ sub: name, name, iat: now, exp: now + lastsSeconds })
}
const askedFor = (method: string, path: string) =>
  asked.filter((one) => one.method() === method && new URL(one.url()).pathname === path)

async function openTab(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(host.url)
  await page.waitForFunction(() => window.medkit !== undefined)
  return page
}

/** Timer by timer: what the browser does in between takes no time that a page could tell. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5000) await context.clock.runFor(5000)
}

describe('a studio', () => {
  it('is asked twice in a minute by seven tabs whose clock is two hours ahead, and once for all of them when a token ends', async () => {
    let calls = 0
    let isDown = true
    await context.exposeFunction('askStudio', () => {
      calls += 1
      if (isDown) throw Error('the studio is down')
      return tokenOf('ada', 600)
    })
    await context.clock.install({ time: Date.now() + 120 * minuteMs })
    const tabs = await Promise.all(Array.from({ length: 7 }, openTab))
    for (const tab of tabs)
      await tab.evaluate(() => window.medkit?.push(['signIn', () => window.askStudio()], ['open']))
    for (const tab of tabs) await tab.getByText(de.problems.signIn).first().waitFor()
    await pass(30_000)
    expect(calls).toBeLessThanOrEqual(2)

    isDown = false
    for (const tab of tabs) {
      const isIn = () => tab.getByText(de.noTickets).isVisible()
      for (let minutes = 0; minutes < 30 && !(await isIn()); minutes += 1) await pass(minuteMs)
    }
    calls = 0
    await pass(10 * minuteMs)
    // A token of ten minutes is renewed after eight to nine, so that the second may fall into these ten as well.
    expect([1, 2]).toContain(calls)
  })
})

describe('two tabs that send their first message at once', () => {
  const sendInBoth = async () => {
    const tabs = await Promise.all([openTab(), openTab()])
    for (const [number, tab] of tabs.entries()) {
      await button(tab, de.launcher).click()
      await button(tab, de.getHelp).click()
      await write(tab, { message: `Nachricht ${number}` })
    }
    const numbers = await Promise.all(tabs.map(sendTicket))
    return { tabs, numbers }
  }
  const seeBoth = async (tabs: Page[]) => {
    for (const tab of tabs) {
      await tab.reload()
      await button(tab, de.launcher).click()
      for (const number of [0, 1]) await tab.getByText(`Nachricht ${number}`).first().waitFor()
    }
  }

  it('are one player, who has both tickets', async () => {
    const { tabs } = await sendInBoth()
    await seeBoth(tabs)
    expect(askedFor('POST', '/v1/sessions')).toHaveLength(1)
  })

  it('are one player where the browser has no locks, too: the session that came second is ended', async () => {
    await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }))
    // Both are on their way before one is there.
    await context.route('**/v1/sessions', async (route) => {
      if (route.request().method() === 'POST')
        await until(() => askedFor('POST', '/v1/sessions').length > 1, 'both tabs ask for a session')
      await route.continue()
    })
    const { tabs } = await sendInBoth()
    await seeBoth(tabs)
    const bearers = (path: string) => new Set(askedFor('POST', path).map((one) => one.headers().authorization))
    expect(bearers('/v1/tickets').size).toBe(1)
    await until(() => askedFor('DELETE', '/v1/session').length === 1, 'the other session is ended')
    const ended = askedFor('DELETE', '/v1/session')[0]?.headers().authorization
    expect([...bearers('/v1/tickets')]).not.toContain(ended)
  })
})

it('signs a player out of every tab, though they have written nothing from here, and nobody else', async () => {
  const [first, second, other] = await Promise.all([openTab(), openTab(), openTab()])
  const enter = async (tab: Page, name: string, words: string) => {
    await tab.evaluate((token) => window.medkit?.push(['signIn', token], ['open']), tokenOf(name))
    await tab.getByText(words).first().waitFor()
  }
  await relay.open(tokenOf('ada'), { message: 'Worte von Ada' })
  await relay.open(tokenOf('ben'), { message: 'Worte von Ben' })
  await enter(first, 'ada', 'Worte von Ada')
  await enter(second, 'ada', 'Worte von Ada')
  await enter(other, 'ben', 'Worte von Ben')
  await first.evaluate(() => window.medkit?.push(['signOut']))
  for (const tab of [first, second]) await tab.getByText('Worte von Ada').first().waitFor({ state: 'detached' })
  expect(await other.getByText('Worte von Ben').first().isVisible()).toBe(true)
  expect(await second.evaluate(() => Object.keys(localStorage))).toEqual([])
})

it('asks who signs in next, though the function of the one before never answers', async () => {
  await context.exposeFunction('hang', () => new Promise(() => {}))
  await context.exposeFunction('askStudio', () => tokenOf('ben'))
  const tab = await openTab()
  await tab.evaluate(() => window.medkit?.push(['signIn', () => window.hang()], ['open']))
  await button(tab, de.getHelp).click()
  await write(tab, { message: 'Von Ben' })
  await button(tab, de.send).click()
  await tab.evaluate(() => window.medkit?.push(['signIn', () => window.askStudio()]))
  await until(() => askedFor('POST', '/v1/tickets')[0], 'the message goes out')
  const bearer = (await askedFor('POST', '/v1/tickets')[0]?.headerValue('authorization')) ?? ''
  expect(JSON.parse(atob(bearer.split('.')[1] ?? ''))).toMatchObject({ sub: 'ben' })
})

it('goes on with a file whose token has ended unseen', async () => {
  let calls = 0
  await context.exposeFunction('askStudio', () => {
    calls += 1
    return tokenOf('ada')
  })
  const tab = await openTab()
  await tab.evaluate(() => window.medkit?.push(['signIn', () => window.askStudio()], ['open']))
  await button(tab, de.getHelp).click()
  let refused = 0
  await context.route('**/v1/uploads/**', async (route) => {
    if (refused) return route.continue()
    refused += 1
    return route.fulfill({ status: 401, headers: { 'access-control-allow-origin': host.url } })
  })
  await write(tab, { message: 'Mit Bild', file: true })
  await sendTicket(tab)
  expect([refused, calls]).toEqual([1, 2])
})
