/** The page a game shows in its webview: a token behind the `#`, and JSON messages over whatever bridge there is. */
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'

const secret = 'a secret the studio and its relay share'

interface Told {
  medkit: number
  type: string
  [more: string]: unknown
}

async function tokenOf(subject: string, expiresInSeconds = 3600): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ name: 'Ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setAudience('star-harbor')
    .setIssuedAt(now)
    .setExpirationTime(now + expiresInSeconds)
    .sign(new TextEncoder().encode(secret))
}

describe('the page in a game’s webview', () => {
  let relay: TestRelay

  beforeEach(async () => {
    const players = { jwt: { secret, algorithms: ['HS256'] } }
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { players } })
  })
  afterEach(async () => {
    await Promise.all((await launch()).contexts().map((context) => context.close()))
    await relay.close()
  })
  afterAll(closeBrowser)

  /** What a native game puts into the page: a bridge that keeps what it is told. */
  async function open(hash: string, search = '') {
    const context = await (await launch()).newContext({ viewport: { width: 390, height: 844 } })
    context.setDefaultTimeout(40_000)
    const page = await context.newPage()
    await page.addInitScript(() => {
      const told: string[] = []
      Object.assign(window, { told, medkitHost: { postMessage: (message: string) => told.push(message) } })
    })
    await page.goto(`${relay.url}/?game=star-harbor${search}${hash}`)
    const told = async () =>
      (await page.evaluate(() => (window as unknown as { told: string[] }).told)).map((text): Told => JSON.parse(text))
    const hears = (type: string) =>
      until(async () => (await told()).find((message) => message.type === type), `the game hears ${type}`)
    const tell = (type: string, more: object = {}) =>
      page.evaluate((message) => window.postMessage(JSON.stringify(message), '*'), { medkit: 1, type, ...more })
    return { context, page, told, hears, tell }
  }

  it('takes the token from behind the #, leaves no trace of it, and tells the game when it is ready', async () => {
    const token = await tokenOf('ada')
    const { context, page, hears } = await open(`#token=${token}`)
    expect(await hears('ready')).toEqual({ medkit: 1, type: 'ready' })
    await page.getByText(en.noTickets).waitFor()
    expect(page.url()).toBe(`${relay.url}/?game=star-harbor`)
    expect(JSON.stringify(await context.storageState())).not.toContain(token)
  })

  it('asks the game for another token when the first one runs out', async () => {
    const { page, hears, tell } = await open(`#token=${await tokenOf('ada', 30)}`)
    await hears('token-needed')
    await tell('token', { token: await tokenOf('ada') })
    await page.getByText(en.noTickets).waitFor()
  })

  it('carries what the game tells into the ticket, says when a keyboard is needed, and closes on back', async () => {
    const { page, hears, tell, told } = await open(`#token=${await tokenOf('ada')}`)
    await tell('metadata', { metadata: { ship: 'Quiet Tide', crew: 4 } })
    await page.getByRole('button', { name: en.getHelp }).click()
    await page.getByText('Something is broken').click()
    expect((await told()).map(({ type }) => type)).not.toContain('keyboard')
    await page.getByRole('textbox', { name: en.message }).fill('The gate is closed.')
    expect(await hears('keyboard')).toMatchObject({ open: true })
    // Nothing goes along that the player was not shown.
    await page.getByText(/^Also sent: \d/).waitFor()
    await page.getByRole('button', { name: en.send, exact: true }).click()
    await page.getByText(/We have it/).waitFor()
    const [listed] = await until(async () => {
      const tickets = await relay.desk.list()
      return tickets.length > 0 && tickets
    }, 'the desk has the ticket')
    const { ticket } = await relay.desk.read(listed?.id ?? '')
    expect(JSON.parse(ticket.claimed)).toMatchObject({ ship: 'Quiet Tide' })
    expect(JSON.parse(ticket.claimed)).not.toHaveProperty('crew')
    await tell('back')
    await page.getByRole('button', { name: en.getHelp }).waitFor()
    await tell('back')
    await hears('close')
    expect((await told()).map(({ type }) => type)).not.toContain('token-needed')
  })

  it('listens to nobody but the game: not to a frame it was never in', async () => {
    const { page } = await open(`#token=${await tokenOf('ada')}`)
    await page.getByText(en.noTickets).waitFor()
    const language = () => page.locator('medkit-host .panel').getAttribute('lang')
    const hear = (locale: string, own: boolean) =>
      page.evaluate(
        ([locale, own]) => {
          const frame = document.createElement('iframe')
          document.body.append(frame)
          const source = own ? window : frame.contentWindow
          const data = JSON.stringify({ medkit: 1, type: 'locale', locale })
          dispatchEvent(new MessageEvent('message', { data, source, origin: 'https://elsewhere.example' }))
        },
        [locale, own] as const,
      )
    await hear('ja', false)
    await hear('de', true)
    await until(async () => (await language()) === 'de', 'the game’s own word is heard')
  })

  it('hears a native app that posts past the page, and React Native, which makes its event on the document', async () => {
    const { page } = await open(`#token=${await tokenOf('ada')}`)
    await page.getByText(en.noTickets).waitFor()
    const panel = page.locator('medkit-host .panel')
    for (const [locale, place] of [
      ['de', 'window'],
      ['ja', 'document'],
    ] as const) {
      // Neither a source nor an origin, as both have it.
      await page.evaluate(
        ([locale, place]) => {
          const data = JSON.stringify({ medkit: 1, type: 'locale', locale })
          const target = place === 'window' ? window : document
          target.dispatchEvent(new MessageEvent('message', { data }))
        },
        [locale, place] as const,
      )
      await until(async () => (await panel.getAttribute('lang')) === locale, `the ${place} is listened to`)
    }
  })

  it('says what is missing when the address names no game', async () => {
    const { page } = await open('')
    await page.goto(`${relay.url}/?game=`)
    await page.getByText(more.noGame).waitFor()
  })
})
