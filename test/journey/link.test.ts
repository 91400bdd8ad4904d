/** A token in a link: whoever has made it, nobody on this device is replaced by it unasked, and nobody's tickets go to it. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, launch } from './browser.ts'
import { everythingRemembered, everythingShown, everythingStored } from './traces.ts'

const canary = 'Words-of-the-one-before'
const studio = createStudio()

function tokenOf(name: string, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000)
  return studio.sign({ sub: name.toLowerCase(), name, iat: now, exp: now + 3_600, ...claims })
}

let relay: TestRelay
let context: BrowserContext
let asked: { path: string; bearer: string }[]

beforeEach(async () => {
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    game: { players: { jwt: studio.config, anonymous: true } },
  })
  context = await newDevice()
})
afterEach(async () => {
  await Promise.all((await launch()).contexts().map((one) => one.close()))
  await relay.close()
})
afterAll(closeBrowser)

async function newDevice(): Promise<BrowserContext> {
  const made = await (await launch()).newContext({ viewport: { width: 390, height: 844 }, locale: 'en' })
  made.setDefaultTimeout(40_000)
  asked = []
  made.on('request', (request) => {
    const bearer = request.headers().authorization ?? ''
    if (bearer) asked.push({ path: new URL(request.url()).pathname, bearer })
  })
  return made
}

async function open(hash = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${relay.url}/?game=star-harbor${hash}`)
  return page
}

/** In other words the widget sets names apart, so that they turn no sentence around. */
const isolated = (sentence: string, name: string) => sentence.replace('{name}', `\u2068${name}\u2069`)
const goOnAs = (page: Page, name: string) => page.getByRole('button', { name: isolated(more.goOnAs, name) })
const stayAs = (page: Page, name: string) => page.getByRole('button', { name: isolated(more.stayAs, name) })
const signedInAs = (page: Page, name: string) => page.getByText(isolated(more.signedInAs, name), { exact: true })
const askedAs = (bearer: string) => asked.filter((one) => one.bearer === `Bearer ${bearer}`).map(({ path }) => path)
/** By the link that a player clicks on the very page: no new document is made. */
const follow = (page: Page, hash: string) =>
  page.evaluate((hash) => {
    location.hash = hash
  }, hash)

async function write(page: Page): Promise<void> {
  await page.getByRole('button', { name: en.getHelp }).click()
  await page.getByLabel('Something is broken').check({ force: true })
  await page.getByLabel(en.message).fill(canary)
  await page.getByRole('button', { name: en.send, exact: true }).click()
  await page.getByText(/We have it/).waitFor()
}

/** Somebody wrote from here without an account, and left a draft. */
async function guestWrites(): Promise<Page> {
  const page = await open()
  await page.getByText(more.notSignedIn).waitFor()
  await write(page)
  await page.getByText(more.guest, { exact: true }).waitFor()
  await page.getByRole('textbox', { name: more.write }).fill(`${canary} draft`)
  return page
}

describe('a token in a link', () => {
  it('goes on without a question where nobody else has been, and shows by name who that is, in every view', async () => {
    const page = await open(`#token=${tokenOf('Ada')}`)
    await signedInAs(page, 'Ada').waitFor()
    await page.getByText(en.noTickets).waitFor()
    expect(await everythingStored(page)).toMatch(/^\[\{\},\{\},""/)
    await write(page)
    await signedInAs(page, 'Ada').waitFor()
    await page.getByRole('button', { name: en.back }).click()
    await page.getByRole('button', { name: en.privacy }).click()
    await page.getByText(more.held).waitFor()
    await signedInAs(page, 'Ada').waitFor()
    // The same player by a fresh link, as the game does each time: no question.
    const again = await open(`#token=${tokenOf('Ada', { jti: 'another' })}`)
    await again.getByText(canary).first().waitFor()
    await page.getByRole('button', { name: en.signOut }).click()
    await page.getByText(more.notSignedIn).waitFor()
    // In every tab.
    await again.getByText(more.notSignedIn).waitFor()
    expect(await everythingShown(again)).not.toContain(canary)
  })

  it('asks, with both names, before it replaces whoever has written from here, and shows nothing of theirs meanwhile', async () => {
    const guest = await guestWrites()
    await guest.close()
    const token = tokenOf('Mallory')
    const page = await open(`#token=${token}`)
    await page.getByText(isolated(more.signingInAs, 'Mallory')).waitFor()
    await page.getByText(isolated(more.soFar, more.guest)).waitFor()
    expect(await everythingShown(page)).not.toContain(canary)
    expect(await findBarriers(page)).toEqual([])
    // Nothing but the name was asked for.
    expect(new Set(asked.slice(-2).map(({ path }) => path))).toEqual(new Set(['/v1/session']))
    expect(askedAs(token)).toEqual(['/v1/session'])
    const before = await page.evaluate(() => JSON.stringify({ ...localStorage }))

    // By the keyboard alone.
    await page.keyboard.press('Tab')
    await until(async () => (await stayAs(page, more.guest).count()) === 1, 'both can be chosen')
    for (let presses = 0; presses < 5 && !(await isFocused(page, more.guest)); presses += 1)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')

    await page.getByText(canary).first().waitFor()
    await page.getByText(more.guest, { exact: true }).waitFor()
    expect(askedAs(token)).toEqual(['/v1/session'])
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).toBe(before)
  })

  it('begins with nothing of the one before, and is offered none of their tickets, if the player goes on', async () => {
    const guest = await guestWrites()
    await guest.close()
    const token = tokenOf('Ben')
    const page = await open(`#token=${token}`)
    await goOnAs(page, 'Ben').click()
    await signedInAs(page, 'Ben').waitFor()
    await page.getByText(en.noTickets).waitFor()
    expect(askedAs(token)).toContain('/v1/tickets')
    expect(await page.getByText(more.addEarlier).count()).toBe(0)
    await page.getByRole('button', { name: en.getHelp }).click()
    expect(await page.getByLabel(en.message).inputValue()).toBe('')
    expect(await everythingShown(page)).not.toContain(canary)
    // The player has said who they are: the game opens its page again without a question.
    const again = await open(`#token=${tokenOf('Ben', { jti: 'another' })}`)
    await again.getByText(en.noTickets).waitFor()
    // And whoever has no link is the guest they were.
    const plain = await open()
    await plain.getByText(canary).first().waitFor()
  })

  it('asks on a page that stands, too, whose player leaves the screen and the memory first', async () => {
    const page = await open(`#token=${tokenOf('Ada')}`)
    await signedInAs(page, 'Ada').waitFor()
    await write(page)
    await page.getByRole('textbox', { name: more.write }).fill(`${canary} draft`)
    const token = tokenOf('Ben')
    await follow(page, `token=${token}`)
    await goOnAs(page, 'Ben').waitFor()
    expect(page.url()).not.toContain('token')
    expect(await everythingShown(page)).not.toContain(canary)
    await goOnAs(page, 'Ben').click()
    await signedInAs(page, 'Ben').waitFor()
    await page.getByText(en.noTickets).waitFor()
    expect(askedAs(token)).toContain('/v1/tickets')
    expect(await everythingShown(page)).not.toContain(canary)
    expect(await everythingStored(page)).not.toContain(canary)
    // What was on its way has a moment to come to its end.
    await until(async () => !(await everythingRemembered(page, canary)), 'nothing of Ada is in memory')
    // The way back through history brings no token and nobody back.
    await page.evaluate(() => history.back())
    await signedInAs(page, 'Ben').waitFor()
    expect(page.url()).not.toContain('token')
  })

  it('gives the page back to who it was, if the player says no on a page that stands', async () => {
    const page = await open(`#token=${tokenOf('Ada')}`)
    await signedInAs(page, 'Ada').waitFor()
    await write(page)
    await follow(page, `token=${tokenOf('Mallory')}`)
    await stayAs(page, 'Ada').click()
    await signedInAs(page, 'Ada').waitFor()
    await page.getByText(canary).first().waitFor()
  })

  it('leaves the first tab to who it shows when another opens in a second one, until they sign out there', async () => {
    const first = await guestWrites()
    const second = await open(`#token=${tokenOf('Ben')}`)
    await goOnAs(second, 'Ben').click()
    await signedInAs(second, 'Ben').waitFor()
    await first.getByText(more.guest, { exact: true }).waitFor()
    expect(await everythingShown(first)).toContain(canary)
    expect(await everythingShown(second)).not.toContain(canary)
    await second.getByRole('button', { name: en.signOut }).click()
    await first.getByText(more.notSignedIn).waitFor()
    expect(await everythingShown(first)).not.toContain(canary)
  })

  it('is refused by the relay, not by its looks: nobody is replaced by one that nobody signed', async () => {
    const guest = await guestWrites()
    await guest.close()
    const [header, claims] = tokenOf('Mallory').split('.')
    const page = await open(`#token=${header}.${claims}.c2lnbmVk`)
    await page.getByText(more.problems.refused).waitFor()
    await page.getByText(canary).first().waitFor()
    await page.getByText(more.guest, { exact: true }).waitFor()
  })

  it('tells two players of one name apart, because whoever makes a link chooses the name in it', async () => {
    const page = await open(`#token=${tokenOf('Ada')}`)
    await signedInAs(page, 'Ada').waitFor()
    await follow(page, `token=${tokenOf('Ada', { sub: 'mallory' })}`)
    await goOnAs(page, 'Ada (mallory)').waitFor()
    await stayAs(page, 'Ada (ada)').click()
    await signedInAs(page, 'Ada').waitFor()
  })

  it('asks in a game’s webview as well, when the game opens it for somebody else', async () => {
    await context.addInitScript(() => Object.assign(window, { medkitHost: { postMessage: () => {} } }))
    const first = await open(`#token=${tokenOf('Ada')}`)
    await signedInAs(first, 'Ada').waitFor()
    await write(first)
    await first.close()
    const page = await open(`#token=${tokenOf('Ben')}`)
    await page.getByText(isolated(more.soFar, 'Ada')).waitFor()
    // There is no token of Ada's here to go on with.
    await page.getByRole('button', { name: more.notSignIn }).waitFor()
    await goOnAs(page, 'Ben').click()
    await signedInAs(page, 'Ben').waitFor()
    await page.getByText(en.noTickets).waitFor()
    expect(await everythingStored(page)).not.toContain(canary)
  })

  it('lets a guest sign out only once they have been told what that costs', async () => {
    const page = await guestWrites()
    await page.getByRole('button', { name: en.signOut }).click()
    await page.getByText(more.leaveGuest).waitFor()
    expect(await everythingShown(page)).toContain(canary)
    await page.getByRole('button', { name: en.signOut }).click()
    await page.getByText(more.notSignedIn).waitFor()
    expect(await everythingShown(page)).not.toContain(canary)
    expect(await everythingStored(page)).not.toContain(canary)
  })
})

/** Whether the keyboard stands on the way to stay who they are. */
function isFocused(page: Page, name: string): Promise<boolean> {
  return page.evaluate((name) => {
    const focused = document.activeElement?.shadowRoot?.activeElement
    return focused?.className === 'plain' && focused.textContent?.includes(name) === true
  }, name)
}
