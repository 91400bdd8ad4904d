/**
 * Every view as a screen reader gets it, from top to bottom: beside this file, one recorded script a view. A change of any
 * name, role or order shows there, and is to be read before it is recorded anew (`vitest -u`).
 */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'
import { type Site, startSite } from './sites.ts'

describe('what a screen reader is given', () => {
  let relay: TestRelay
  let site: Site
  let page: Page
  let context: BrowserContext

  beforeEach(async () => {
    site = await startSite('game')
    relay = await startRelay({
      browserFiles: readBrowserFiles('dist/widget'),
      game: { origins: [site.origin], players: { anonymous: true, email: true } },
      config: {
        publicUrl: 'https://support.example',
        mail: { url: 'smtp://127.0.0.1:1', from: 'support@studio.example' },
      },
    })
    const tag = `<script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`
    site.pages.set('/', `<title>Game</title><body><h1>Game</h1><button>Play</button>${tag}`)
    context = await (await launch()).newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en',
      timezoneId: 'UTC',
    })
    context.setDefaultTimeout(20_000)
    page = await context.newPage()
    await page.goto(`${site.origin}/`)
  })
  afterEach(async () => {
    await context.close()
    await Promise.all([relay.close(), site.close()])
  })
  afterAll(closeBrowser)

  const button = (name: string | RegExp) => page.getByRole('button', { name })
  async function write(message: string): Promise<void> {
    await button(en.getHelp).click()
    await page.getByLabel('Something is broken').check({ force: true })
    await page.getByLabel(en.message).fill(message)
    await button(en.send).click()
    await page.getByText(more.deliveryDelivered).waitFor()
  }
  async function answer(text: string): Promise<void> {
    const [listed] = await until(async () => {
      const tickets = await relay.desk.list()
      return tickets.length > 0 && tickets
    }, 'the desk has the ticket')
    await relay.desk.answer(listed?.id ?? '', text)
    await page.getByRole('log').getByText(text).waitFor()
  }
  /** The widget's part of the page, once it has stopped changing. */
  async function script(): Promise<string> {
    let before = ''
    return until(async () => {
      const now = neutral(await page.locator('medkit-host').ariaSnapshot())
      const settled = now === before && now
      before = now
      return settled
    }, 'the view stands')
  }
  const recorded = (view: string) => `./heard/${view}.yaml`

  it('says the launcher beside the game', async () => {
    await button(en.launcher).waitFor()
    await expect(neutral(await page.locator('body').ariaSnapshot())).toMatchFileSnapshot(recorded('launcher'))
  })

  it('says home before anything was written', async () => {
    await button(en.launcher).click()
    await page.getByText(en.noTickets).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('home-empty'))
  })

  it('says the form of a new ticket, as it opens and with what is wrong in it', async () => {
    await button(en.launcher).click()
    await button(en.getHelp).click()
    await page.getByText(/^Also sent/).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('new-ticket'))
    await page.getByLabel('Purchases').check({ force: true })
    await button(en.send).click()
    await page.getByText(en.needed).first().waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('new-ticket-with-mistakes'))
  })

  it('says that it has arrived, the conversation, the answer, and home with a ticket', async () => {
    await button(en.launcher).click()
    await write('My sword is gone.')
    await expect(await script()).toMatchFileSnapshot(recorded('received'))
    await answer('We found it.')
    await expect(await script()).toMatchFileSnapshot(recorded('conversation'))
    await button(en.back).click()
    await button(/My sword is gone/).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('home-with-a-ticket'))
  })

  it('says a closed conversation with its rating', async () => {
    await button(en.launcher).click()
    await write('My sword is gone.')
    await button(more.solved).click()
    await page.getByText(more.rate).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('conversation-closed'))
  })

  it('says the player’s data, with the recovery key once it is shown', async () => {
    await button(en.launcher).click()
    await write('My sword is gone.')
    await button(en.back).click()
    await button(en.privacy).click()
    await page.getByText('1 ticket · 0 files').waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('your-data'))
    await button(more.recoveryShow).click()
    await page.locator('medkit-host output').waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('your-data-recovery-key'))
  })

  it('says signing in by mail and by recovery key', async () => {
    await button(en.launcher).click()
    await button(en.signIn).click()
    await page.getByLabel(en.email).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('sign-in'))
  })

  it('says the portal, with nobody there and with a guest', async () => {
    await relay.close()
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget') })
    await page.goto(`${relay.url}/?game=star-harbor`)
    await page.getByText(more.notSignedIn).waitFor()
    await page.getByText(en.noTickets).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('portal'))
    await write('My sword is gone.')
    await page.getByText(more.guest).waitFor()
    await expect(await script()).toMatchFileSnapshot(recorded('portal-with-a-guest'))
  })

  it('names no view twice in a breath: what has the focus is not what the dialog is called', async () => {
    await button(en.launcher).click()
    await page.getByText(en.noTickets).waitFor()
    const said = () =>
      page.evaluate(() => {
        const root = document.querySelector('medkit-host')?.shadowRoot
        const panel = root?.querySelector('.panel')
        const focused = root?.activeElement
        return focused !== panel && focused?.textContent?.trim() === panel?.getAttribute('aria-label')
      })
    expect(await said()).toBe(false)
    await page.keyboard.press('Escape')
    await button(en.launcher).click()
    await page.getByText(en.noTickets).waitFor()
    expect(await said()).toBe(false)
  })
})

/** Without what is another one every time: numbers, keys, times. */
function neutral(tree: string): string {
  return tree
    .replace(/SH-[2-9A-Z]{5}/g, 'SH-#####')
    .replace(/\b\d{1,2}:\d\d\s?[AP]M\b/g, '#:## PM')
    .replace(/"[A-Z]\w+day, [A-Z]\w+ \d+"/g, '"today"')
    .replace(/\b[A-Z0-9]{4,}(-[A-Z0-9]{4,}){3,}\b/g, 'KEY')
    .replace(/HeadlessChrome \d+|Chrome \d+/g, 'Chrome #')
    .replace(/127\.0\.0\.1:\d+|localhost:\d+/g, 'host')
}
