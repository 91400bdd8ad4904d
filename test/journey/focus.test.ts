/** Where the keyboard is, however the panel is opened and closed, and where the reply box is in little room. */
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import type { Medkit } from '../../widget/handle.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'
import { type Site, startSite } from './sites.ts'

describe('a player who uses the keyboard', () => {
  let relay: TestRelay
  let site: Site

  beforeEach(async () => {
    site = await startSite('game')
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [site.origin] } })
    site.pages.set(
      '/',
      `<meta name="viewport" content="width=device-width, initial-scale=1"><body>
      <button id="help">Help</button><iframe title="Game" srcdoc="<button>Fire</button>"></iframe>
      <script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>
      <script>help.onclick = () => medkit.open()</script>`,
    )
  })
  afterEach(async () => {
    await Promise.all((await launch()).contexts().map((context) => context.close()))
    await Promise.all([relay.close(), site.close()])
  })
  afterAll(closeBrowser)

  async function visit(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await (await launch()).newContext({
      viewport: { width: 900, height: 700 },
      locale: 'en',
      ...options,
    })
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    await page.goto(`${site.origin}/`)
    await launcher(page).waitFor()
    return page
  }
  const launcher = (page: Page) => page.getByRole('button', { name: en.launcher, exact: true })
  const panel = (page: Page) => page.getByRole('dialog')
  /** Through every shadow root. */
  const focus = (page: Page) =>
    page.evaluate(() => {
      let element = document.activeElement
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      return element?.id || element?.className || element?.localName || ''
    })
  const isIn = (page: Page) =>
    until(
      () => page.evaluate(() => !!document.querySelector('medkit-host')?.shadowRoot?.activeElement?.closest('.panel')),
      'the focus is in the panel',
    )
  async function closesByEscape(page: Page, back: string): Promise<void> {
    await page.keyboard.press('Escape')
    await panel(page).waitFor({ state: 'hidden' })
    expect(await focus(page)).toContain(back)
  }
  async function writes(page: Page, text: string): Promise<void> {
    await page.getByRole('button', { name: en.getHelp }).click()
    await page.getByText('Something is broken').click()
    await page.getByLabel(en.message).fill(text)
    await page.getByRole('button', { name: en.send, exact: true }).click()
    await page.getByRole('log').getByText(text).waitFor()
  }

  for (const key of ['Enter', ' ']) {
    it(`opens it from the launcher with "${key}", is in it, and closes it with Escape`, async () => {
      const page = await visit()
      await launcher(page).focus()
      // Fetched by the focus: what is pressed next is ours.
      await page.waitForResponse((response) => response.url().includes('/assets/panel-')).catch(() => {})
      await page.keyboard.press(key)
      await isIn(page)
      await page.keyboard.press('Tab')
      expect(await focus(page)).toBe('icon')
      await closesByEscape(page, 'launcher')
    })
  }

  it('opens it with the pointer, presses what takes no focus, and closes it with Escape all the same', async () => {
    const page = await visit()
    await launcher(page).click()
    await isIn(page)
    await page.getByText(en.noTickets).click()
    await closesByEscape(page, 'launcher')
  })

  it('gives the focus back to the game’s own button, twice in a row', async () => {
    const page = await visit()
    for (let times = 0; times < 2; times += 1) {
      await page.locator('#help').focus()
      await page.keyboard.press('Enter')
      await isIn(page)
      await closesByEscape(page, 'help')
    }
  })

  it('goes on in the game’s frame where the game has opened it from there', async () => {
    const page = await visit()
    await page.frameLocator('iframe').getByRole('button').focus()
    await page.evaluate(() => (window.medkit as unknown as Medkit).open())
    await isIn(page)
    await closesByEscape(page, 'iframe')
    const hasFocus = page
      .frameLocator('iframe')
      .locator('body')
      .evaluate(() => document.hasFocus())
    expect(await hasFocus).toBe(true)
  })

  it('does not land on our launcher where nothing had the focus, for the space bar is the game’s', async () => {
    const page = await visit()
    await page.evaluate(() => (window.medkit as unknown as Medkit).open('new'))
    await isIn(page)
    expect(await focus(page)).toBe('title')
    await page.keyboard.press('Escape')
    await closesByEscape(page, 'body')
  })

  it('is left where it is when the game closes the panel while the player is in the game', async () => {
    const page = await visit()
    await launcher(page).click()
    await isIn(page)
    await page.frameLocator('iframe').getByRole('button').focus()
    await page.evaluate(() => (window.medkit as unknown as Medkit).close())
    await panel(page).waitFor({ state: 'hidden' })
    expect(await focus(page)).toBe('iframe')
  })

  it('comes back into the open panel when the game asks for it again', async () => {
    const page = await visit()
    await launcher(page).click()
    await isIn(page)
    await page.locator('#help').focus()
    await page.keyboard.press('Enter')
    await isIn(page)
    await closesByEscape(page, 'help')
  })

  it('keeps the keyboard in the panel when what it was on goes away', async () => {
    const page = await visit()
    await launcher(page).click()
    await writes(page, 'The gate is closed.')
    await page.getByRole('button', { name: more.solved }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(more.isClosed).waitFor()
    await isIn(page)
    await page.getByRole('button', { name: more.undo }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel(more.write).waitFor()
    await isIn(page)
  })

  it('moves by a pad from the first control on, once a pad has opened it', async () => {
    const page = await visit()
    await page.evaluate(() => {
      const pressed = new Set<number>()
      const buttons = Array.from({ length: 17 }, (_, index) => ({
        get pressed() {
          return pressed.has(index)
        },
      }))
      Object.assign(window, { pressed })
      navigator.getGamepads = () => [{ buttons, axes: [] } as unknown as Gamepad]
      ;(window.medkit as unknown as Medkit).open()
    })
    await isIn(page)
    await page.evaluate(() => dispatchEvent(new Event('gamepadconnected')))
    await page.evaluate(() => (window as unknown as { pressed: Set<number> }).pressed.add(13))
    await until(async () => (await focus(page)) === 'icon', 'the first control has the focus')
  })

  /** What 1280 × 1024 is at 400 %. */
  const little = { viewport: { width: 320, height: 256 }, deviceScaleFactor: 2 }

  it('has the reply box in view at 320 × 256, whatever they write, and the newest message above it', async () => {
    const page = await visit(little)
    await launcher(page).click()
    await writes(page, 'The gate is closed.')
    await page.getByRole('button', { name: en.back }).click()
    await page.getByRole('button', { name: /The gate is closed/ }).click()
    const box = page.getByLabel(more.write)
    const inView = async () => {
      const rects = await Promise.all(
        [box, page.getByRole('button', { name: en.send })].map((one) => one.boundingBox()),
      )
      return rects.every((rect) => rect && rect.y >= 0 && rect.y + rect.height <= 256)
    }
    await until(inView, 'the box and its button are in view')
    const shown = await page.getByRole('log').getByText('The gate is closed.').boundingBox()
    const top = (await box.boundingBox())?.y ?? 0
    expect(shown && shown.y > 0 && shown.y + shown.height < top).toBe(true)
    await box.fill('word '.repeat(200))
    await until(inView, 'they are in view still')
    await box.press('Enter')
    await page.getByRole('log').getByText('word word').waitFor()
    expect(await inView()).toBe(true)
  })
})
