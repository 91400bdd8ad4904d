/** The widget on a game that another site shows in a frame, as portals of many games do: the browser keeps its things apart, or refuses to. */
import { type Browser, type BrowserContext, chromium, type FrameLocator, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { chromiumLaunch } from '../fixtures/chromium.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { type Site, startSite } from './sites.ts'

describe('a game in a frame of another site', () => {
  let relay: TestRelay
  let game: Site
  let portal: Site
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    const { args, ...options } = await chromiumLaunch()
    // Playwright has frames share what players' browsers keep apart; the last list of what is off is the one that counts.
    browser = await chromium.launch({ ...options, args: [...args, '--disable-features=PaintHolding'] })
  })
  beforeEach(async () => {
    ;[game, portal] = await Promise.all([startSite('game'), startSite('portal')])
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [game.origin] } })
    game.pages.set(
      '/',
      `<body><h1>Game</h1><script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`,
    )
    portal.pages.set('/', `<iframe name="game" src="${game.origin}/" width="700" height="700"></iframe>`)
    context = await browser.newContext({ viewport: { width: 900, height: 800 }, locale: 'en' })
    context.setDefaultTimeout(20_000)
    page = await context.newPage()
  })
  afterEach(async () => {
    await context.close()
    await Promise.all([relay.close(), game.close(), portal.close()])
  })
  afterAll(() => browser.close())

  const frame = () => page.frameLocator('iframe[name=game]')
  const home = async (at: Page | FrameLocator) => {
    await at.getByRole('button', { name: en.launcher, exact: true }).click()
    await at.getByRole('button', { name: en.getHelp }).waitFor()
  }
  async function write(): Promise<void> {
    await home(frame())
    await frame().getByRole('button', { name: en.getHelp }).click()
    await frame().getByLabel('Something is broken').check({ force: true })
    await frame().getByLabel(en.message).fill('The gate is closed.')
    await frame().getByRole('button', { name: en.send, exact: true }).click()
    await frame()
      .getByText(/^We have it/)
      .waitFor()
  }

  it('has the ticket after a reload, in the part of the browser that is kept for games in that site', async () => {
    await page.goto(`${portal.origin}/`)
    await write()
    await frame().getByText(en.receivedHint).waitFor()
    await page.reload()
    await home(frame())
    await frame()
      .getByRole('button', { name: /The gate is closed/ })
      .click()
    await frame().getByRole('log').getByText('The gate is closed.').waitFor()
    // The same game by itself is another place, as the browser has it.
    const alone = await context.newPage()
    await alone.goto(`${game.origin}/`)
    await home(alone)
    await alone.getByText(en.noTickets).waitFor()
  })

  it('tells the player on the spot where the browser keeps nothing, and gives them a key that opens it elsewhere', async () => {
    await context.addInitScript(() => {
      if (window === top) return
      // As a browser has it that blocks what frames of other sites would keep.
      const refuse = () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError')
      }
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { get: refuse, configurable: true })
    })
    await page.goto(`${portal.origin}/`)
    await write()
    await frame().getByText(more.receivedUnkept).waitFor()
    await frame().getByRole('button', { name: en.privacy }).click()
    await frame().getByRole('button', { name: more.recoveryShow }).click()
    const key = (await frame().locator('output').textContent()) ?? ''
    const { body } = await relay.call<{ token: string }>('POST /v1/sessions', {
      body: { game: 'star-harbor', kind: 'recover', recoveryKey: key },
    })
    const listed = await until(
      async () => (await relay.call<{ items: unknown[] }>('GET /v1/tickets', { token: body.token })).body.items,
      'the key opens the tickets',
    )
    expect(listed).toHaveLength(1)
  })
})
