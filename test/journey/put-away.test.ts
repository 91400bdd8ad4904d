/** A page that the browser puts away with all it shows, and fetches out again for whoever goes back to it. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { chromiumLaunch } from '../fixtures/chromium.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { type Site, startSite } from './sites.ts'
import { everythingRemembered, everythingShown, everythingStored } from './traces.ts'

const canary = 'Words-of-the-one-before'
const studio = createStudio()

let browser: Browser
let context: BrowserContext
let relay: TestRelay
let game: Site

beforeAll(async () => {
  browser = await chromium.launch(await chromiumLaunch())
})
beforeEach(async () => {
  game = await startSite('studio')
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    game: { origins: [game.origin], players: { jwt: studio.config, anonymous: true } },
  })
  game.pages.set(
    '/',
    `<h1>Star Harbor</h1><script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`,
  )
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' })
  context.setDefaultTimeout(40_000)
})
afterEach(async () => {
  await context.close()
  await Promise.all([relay.close(), game.close()])
})
afterAll(() => browser.close())

function tokenOf(name: string): string {
  const now = Math.floor(Date.now() / 1000)
  return studio.sign({ sub: name.toLowerCase(), name, iat: now, exp: now + 3_600 })
}

async function open(url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const fullPage = (hash = '') => open(`${relay.url}/?game=star-harbor${hash}`)
const signedInAs = (page: Page, name: string) =>
  page.getByText(more.signedInAs.replace('{name}', `\u2068${name}\u2069`), { exact: true })

async function write(page: Page): Promise<void> {
  await page.getByRole('button', { name: en.getHelp }).click()
  await page.getByLabel('Something is broken').check({ force: true })
  await page.getByLabel(en.message).fill(canary)
  await page.getByRole('button', { name: en.send, exact: true }).click()
  await page.getByText(/We have it/).waitFor()
  await page.getByRole('textbox', { name: more.write }).fill(`${canary} draft`)
}

/**
 * Puts a page away. The packaged browser has no back-forward cache (`Page.backForwardCacheNotUsed` says that its delegate
 * supports none), so the page is frozen as that would freeze it, and told in the browser's own way when it is fetched out.
 *
 * @returns what fetches it out, and tells what it then shows before anything of it runs but what it was told
 */
async function putAway(page: Page): Promise<() => Promise<string>> {
  expect(await everythingShown(page)).toContain(canary)
  const session = await context.newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state: 'frozen' })
  return async () => {
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    return page.evaluate(async () => {
      const read = (root: ParentNode): string =>
        [...root.querySelectorAll('*')]
          .map((one) => `${one.textContent} ${one.shadowRoot ? read(one.shadowRoot) : ''}`)
          .join(' ')
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
      await Promise.resolve()
      return read(document)
    })
  }
}

async function expectNothingLeft(page: Page): Promise<void> {
  expect(await everythingShown(page)).not.toContain(canary)
  expect(await everythingStored(page)).not.toContain(canary)
  await until(async () => !(await everythingRemembered(page, canary)).includes(canary), 'nothing is in memory')
}

it('the full page of a player by a link shows nothing of them from its first moment on, whoever goes back to it', async () => {
  const page = await fullPage(`#token=${tokenOf('Ada')}`)
  await signedInAs(page, 'Ada').waitFor()
  await write(page)
  const fetchOut = await putAway(page)
  expect(await fetchOut()).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  expect(await everythingShown(page)).not.toContain(canary)
})

it('the full page of a guest who has signed out in another tab meanwhile is nobody’s', async () => {
  const page = await fullPage()
  await page.getByText(more.notSignedIn).waitFor()
  await write(page)
  const fetchOut = await putAway(page)
  const other = await fullPage()
  for (let press = 0; press < 2; press += 1) await other.getByRole('button', { name: en.signOut }).click()
  await other.getByText(more.notSignedIn).waitFor()
  expect(await fetchOut()).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  await expectNothingLeft(page)
})

it('the full page of a player in whose place another has signed in meanwhile is neither’s', async () => {
  const page = await fullPage(`#token=${tokenOf('Ada')}`)
  await signedInAs(page, 'Ada').waitFor()
  await write(page)
  const fetchOut = await putAway(page)
  const other = await fullPage(`#token=${tokenOf('Ben')}`)
  await other.getByRole('button', { name: more.goOnAs.replace('{name}', '\u2068Ben\u2069') }).click()
  await signedInAs(other, 'Ben').waitFor()
  expect(await fetchOut()).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  await expectNothingLeft(page)
  await signedInAs(other, 'Ben').waitFor()
})

it('a game’s page with the panel open shows nothing of who has signed out in another tab meanwhile', async () => {
  const page = await open(game.origin)
  await page.getByRole('button', { name: en.launcher }).click()
  await write(page)
  const fetchOut = await putAway(page)
  const other = await open(game.origin)
  await other.waitForFunction(() => window.medkit !== undefined && !Array.isArray(window.medkit))
  await other.evaluate(() => window.medkit?.push(['signOut']))
  await until(
    async () => !(await everythingStored(other)).includes('"medkit:star-harbor:session"'),
    'they have signed out',
  )
  expect(await fetchOut()).not.toContain(canary)
  await expectNothingLeft(page)
})
