/** A page that the browser puts away with all it shows, and fetches out again for whoever presses "back". */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/routes/browser-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { chromiumLaunch } from '../chromium.ts'
import { createStudio } from '../players/studio.ts'
import { startRelay, type TestRelay } from '../relay/start.ts'
import { until } from '../relay/wait.ts'
import { type Site, startSite } from './sites.ts'
import { everythingRemembered, everythingShown, everythingStored } from './traces.ts'

/** Kept by the test itself, past the page that is thrown away. */
const witness = 'what the test has seen'
const canary = 'Words-of-the-one-before'
const studio = createStudio()

let browser: Browser
let context: BrowserContext
let relay: TestRelay
let game: Site
let elsewhere: Site

beforeAll(async () => {
  // Playwright's browser puts no page away unless it is left to.
  browser = await chromium.launch({
    ...(await chromiumLaunch()),
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
})
beforeEach(async () => {
  ;[game, elsewhere] = await Promise.all([startSite('studio'), startSite('elsewhere')])
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    game: { origins: [game.origin], players: { jwt: studio.config, anonymous: true } },
  })
  game.pages.set(
    '/',
    `<h1>Star Harbor</h1><script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`,
  )
  elsewhere.pages.set('/', '<h1>Something else</h1>')
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' })
  context.setDefaultTimeout(40_000)
})
afterEach(async () => {
  await context.close()
  await Promise.all([relay.close(), game.close(), elsewhere.close()])
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

/** Puts a page away by going on to another. What it shows as it comes back is written down after all of its own listeners. */
async function putAway(page: Page): Promise<void> {
  expect(await everythingShown(page)).toContain(canary)
  await page.evaluate((key) => {
    addEventListener('pageshow', ({ persisted }) => {
      const read = (root: ParentNode): string =>
        [...root.querySelectorAll('*')]
          .map((one) => `${one.textContent} ${one.shadowRoot ? read(one.shadowRoot) : ''}`)
          .join(' ')
      sessionStorage.setItem(key, JSON.stringify({ persisted, shown: read(document) }))
    })
  }, witness)
  await page.goto(elsewhere.origin)
}

/** Presses "back". @returns what the page, which is the very one that was put away, showed in its first moment */
async function comeBack(page: Page): Promise<string> {
  await page.goBack()
  const seen = await until(
    () => page.evaluate((key) => sessionStorage.getItem(key), witness).catch(() => null),
    'the page has come back',
  )
  const { persisted, shown } = JSON.parse(seen) as { persisted: boolean; shown: string }
  expect(persisted).toBe(true)
  return shown
}

async function expectNothingLeft(page: Page): Promise<void> {
  await page.evaluate((key) => sessionStorage.removeItem(key), witness)
  expect(await everythingShown(page)).not.toContain(canary)
  expect(await everythingStored(page)).not.toContain(canary)
  await until(async () => !(await everythingRemembered(page, canary)).includes(canary), 'nothing is in memory')
}

it('the full page of a player by a link shows nothing of them from its first moment, whoever presses “back”', async () => {
  const page = await fullPage(`#token=${tokenOf('Ada')}`)
  await signedInAs(page, 'Ada').waitFor()
  await write(page)
  await putAway(page)
  expect(await comeBack(page)).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  expect(await everythingShown(page)).not.toContain(canary)
})

it('the full page of a guest who has signed out in another tab meanwhile is nobody’s', async () => {
  const page = await fullPage()
  await page.getByText(more.notSignedIn).waitFor()
  await write(page)
  await putAway(page)
  const other = await fullPage()
  for (let press = 0; press < 2; press += 1) await other.getByRole('button', { name: en.signOut }).click()
  await other.getByText(more.notSignedIn).waitFor()
  expect(await comeBack(page)).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  await expectNothingLeft(page)
})

it('the full page of a guest in whose place another player has signed in meanwhile shows neither of them the other', async () => {
  const page = await fullPage()
  await page.getByText(more.notSignedIn).waitFor()
  await write(page)
  await putAway(page)
  const other = await fullPage(`#token=${tokenOf('Ben')}`)
  await other.getByRole('button', { name: more.goOnAs.replace('{name}', '\u2068Ben\u2069') }).click()
  await signedInAs(other, 'Ben').waitFor()
  await other.close()
  expect(await comeBack(page)).not.toContain(canary)
  await page.getByText(more.notSignedIn).waitFor()
  await expectNothingLeft(page)
})

it('a game’s page with the panel open shows nothing of who has signed out in another tab meanwhile', async () => {
  const page = await open(game.origin)
  await page.getByRole('button', { name: en.launcher }).click()
  await write(page)
  await putAway(page)
  const other = await open(game.origin)
  await other.waitForFunction(() => window.medkit !== undefined && !Array.isArray(window.medkit))
  await other.evaluate(() => window.medkit?.push(['signOut']))
  await until(
    async () => !(await everythingStored(other)).includes('"medkit:star-harbor:session"'),
    'they have signed out',
  )
  expect(await comeBack(page)).not.toContain(canary)
  await expectNothingLeft(page)
})
