/** One player in several tabs of one browser: one stream for all of them, and every tab hears. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'
import { button, openTicket, said } from './player.ts'
import { type Site, startSite } from './sites.ts'

const studio = createStudio()

function tokenOf(sub: string): string {
  const now = Math.floor(Date.now() / 1000)
  return studio.sign({ sub, iat: now, exp: now + 3_600 })
}

let game: Site
let relay: TestRelay
let context: BrowserContext

beforeEach(async () => {
  game = await startSite('game')
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    game: { origins: [game.origin], players: { jwt: studio.config, anonymous: true } },
  })
  const page = `<h1>Spiel</h1><script async src="${relay.url}/medkit.js" data-game="star-harbor" data-locale="de"></script>`
  game.pages.set('/', page)
})
afterEach(async () => {
  await context.close()
  await Promise.all([relay.close(), game.close()])
})
afterAll(closeBrowser)

async function begin(): Promise<void> {
  context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, locale: 'de' })
  context.setDefaultTimeout(40_000)
  // Every page of a headless browser is in view, whatever stands before it.
  await context.addInitScript(() => {
    let isHidden = location.hash === '#hidden'
    Object.defineProperty(document, 'hidden', { get: () => isHidden })
    addEventListener('shown', () => {
      isHidden = false
      document.dispatchEvent(new Event('visibilitychange'))
    })
  })
}

async function openTab(where = '/'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(game.origin + where)
  await button(page, de.launcher).click()
  return page
}

/** With the one ticket there is in view. */
async function openConversation(where?: string): Promise<Page> {
  const page = await openTab(where)
  await page.getByRole('button', { name: /Mein Schwert ist weg/ }).click()
  await said(page, 'Mein Schwert ist weg').waitFor()
  return page
}

/** The tab of whoever has written, and the ticket as the desk knows it. */
async function writeFirst(): Promise<{ first: Page; id: string }> {
  const first = await openTab()
  await openTicket(first, { message: 'Mein Schwert ist weg' })
  const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  await streamsAre(1)
  return { first, id }
}

async function streams(): Promise<number> {
  const { body } = await relay.call<string>('GET /metrics')
  return Number(/^medkit_streams (\d+)$/m.exec(body)?.[1])
}

function streamsAre(count: number): Promise<unknown> {
  return until(async () => (await streams()) === count, `the relay has ${count} streams`)
}

async function allHear(pages: readonly Page[], text: string): Promise<void> {
  await Promise.all(pages.map((page) => said(page, text).waitFor()))
}

describe('nine tabs, three of them in view', () => {
  it('hold one stream; when its tab is closed the others hear all the same, and the rest when they are looked at', async () => {
    await begin()
    const { first, id } = await writeFirst()
    const inView = [await openConversation(), await openConversation()]
    const hidden: Page[] = []
    for (let made = 0; made < 6; made += 1) hidden.push(await openConversation('/#hidden'))
    expect(await streams()).toBe(1)
    await first.close()
    await relay.desk.answer(id, 'Wir suchen danach')
    await allHear(inView, 'Wir suchen danach')
    await relay.desk.answer(id, 'Wir haben es')
    await allHear(inView, 'Wir haben es')
    expect(await streams()).toBe(1)
    for (const page of hidden) expect(await said(page, 'Wir haben es').count()).toBe(0)
    for (const page of hidden) await page.evaluate(() => dispatchEvent(new Event('shown')))
    await allHear(hidden, 'Wir haben es')
    await streamsAre(1)
  })
})

describe('tabs in view', () => {
  it('hear what comes while the one with the stream hangs', async () => {
    await begin()
    const { first, id } = await writeFirst()
    const others = [await openConversation(), await openConversation()]
    let release = () => {}
    await first.route('**/hang', (route) => {
      release = () => route.fulfill({ body: '' }).catch(() => {})
    })
    const hanging = first.evaluate(() => {
      const request = new XMLHttpRequest()
      request.open('GET', '/hang', false)
      request.send()
    })
    await relay.desk.answer(id, 'Wir haben es')
    await allHear(others, 'Wir haben es')
    release()
    await hanging
    await allHear([first], 'Wir haben es')
    await streamsAre(1)
  })

  it('hold two streams and ask beside them in a browser without locks', async () => {
    await begin()
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
    })
    const { first, id } = await writeFirst()
    const others = [await openConversation(), await openConversation(), await openConversation()]
    await streamsAre(2)
    await relay.desk.answer(id, 'Wir haben es')
    await allHear([first, ...others], 'Wir haben es')
    expect(await streams()).toBe(2)
  })

  it('of two players have a stream each, and neither hears the other’s', async () => {
    await begin()
    const signIn = async (sub: string, where?: string) => {
      const page = await context.newPage()
      await page.goto(`${game.origin}/`)
      await page.waitForFunction(() => window.medkit !== undefined)
      await page.evaluate((token) => window.medkit?.push(['signIn', token], ['open']), tokenOf(sub))
      await page
        .getByText(where ?? de.noTickets)
        .first()
        .waitFor()
      return page
    }
    await relay.open(tokenOf('player-a'), { message: 'Mein Schwert ist weg' })
    const mine = await signIn('player-a', 'Mein Schwert ist weg')
    const theirs = [await signIn('player-b'), await signIn('player-b')]
    await streamsAre(2)
    const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
    await relay.desk.answer(id, 'Wir haben es')
    await mine.getByText('Wir haben es').first().waitFor()
    await relay.open(tokenOf('player-b'), { message: 'Mein Schild auch' })
    for (const page of theirs) await page.getByText('Mein Schild auch').first().waitFor()
    for (const page of theirs) expect(await page.getByText('Mein Schwert').count()).toBe(0)
    expect(await streams()).toBe(2)
  })

  it('hear what came while they were put away to come back to as they were', async () => {
    await begin()
    const { first, id } = await writeFirst()
    const other = await openConversation()
    // As a browser with a back/forward cache says it; this one, without a window, has none.
    const put = (type: 'pagehide' | 'pageshow') =>
      first.evaluate((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type)
    const hasLetGo = first.waitForEvent('requestfailed', (request) => /\/events$/.test(request.url()))
    await put('pagehide')
    await hasLetGo
    await relay.desk.answer(id, 'Wir haben es')
    await allHear([other], 'Wir haben es')
    expect(await streams()).toBe(1)
    expect(await said(first, 'Wir haben es').count()).toBe(0)
    await put('pageshow')
    await allHear([first], 'Wir haben es')
    expect(await streams()).toBe(1)
  })
})
