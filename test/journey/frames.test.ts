/** Who may speak to the full page in a frame: the studio's page around it, and no advertisement beside it. */
import { type Browser, chromium, type Frame, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { chromiumLaunch } from '../fixtures/chromium.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { type Site, startSite } from './sites.ts'

interface Heard {
  origin: string
  /** Whoever sent it is not there any more. */
  gone: boolean
  text: string
}

declare global {
  interface Window {
    heard: Heard[]
  }
}

const studio = createStudio()

function tokenOf(name: string): string {
  const now = Math.floor(Date.now() / 1000)
  return studio.sign({ sub: name.toLowerCase(), name, iat: now, exp: now + 3_600 })
}

describe('the full page in a frame of the studio’s page, beside an advertisement', () => {
  let relay: TestRelay
  let game: Site
  let ads: Site
  let page: Page
  let browser: Browser

  beforeAll(async () => {
    const { args, ...options } = await chromiumLaunch()
    // Every site in a process of its own, as players' browsers have it: only then has a removed frame left nothing.
    browser = await chromium.launch({ ...options, args: [...args, '--site-per-process'] })
  })
  beforeEach(async () => {
    ;[game, ads] = await Promise.all([startSite('studio'), startSite('ads')])
    relay = await startRelay({
      browserFiles: readBrowserFiles('dist/widget'),
      game: { origins: [game.origin], players: { jwt: studio.config } },
    })
    const frames = `<iframe name="ad" src="${ads.origin}/"></iframe>
      <iframe name="support" src="${relay.url}/?game=star-harbor" width="600" height="700"></iframe>`
    game.pages.set('/', frames)
    ads.pages.set('/', '<p>Buy gold</p>')
    // An advertisement that has already begun when the page beside it has not.
    ads.pages.set('/hasty', hasty)
    ads.pages.set('/nobody', nobody)
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' })
    context.setDefaultTimeout(40_000)
    await context.addInitScript(() => {
      window.heard = []
      addEventListener('message', ({ origin, source, data }) =>
        window.heard.push({ origin, gone: source === null, text: JSON.stringify(data) }),
      )
    })
    page = await context.newPage()
  })
  afterEach(async () => {
    await page.context().close()
    await Promise.all([relay.close(), game.close(), ads.close()])
  })
  afterAll(() => browser.close())

  const support = () => page.frameLocator('iframe[name=support]')
  async function frameAt(url: string): Promise<Frame> {
    return until(() => page.frames().find((frame) => frame.url().startsWith(url)), `there is a frame at ${url}`)
  }
  /** What the studio's page says to the frame. */
  const tell = (message: object) =>
    page.evaluate(
      ([message, to]) => {
        const frame = document.querySelector<HTMLIFrameElement>('iframe[name=support]')
        frame?.contentWindow?.postMessage(message, to)
      },
      [{ medkit: 1, ...message }, relay.url] as const,
    )
  const hears = async (what: string, is: (heard: Heard) => boolean) => {
    const frame = await frameAt(relay.url)
    await until(async () => (await frame.evaluate(() => window.heard)).some(is), what)
  }
  const fromAds = ({ gone, origin, text }: Heard) => gone && text.includes('token') && origin === ads.origin

  /** Whoever the next ticket belongs to is who the page believes to have before it. */
  async function writesAs(name: string, other: string): Promise<void> {
    await support()
      .getByText(more.signedInAs.replace('{name}', `\u2068${name}\u2069`))
      .waitFor()
    await support().getByRole('button', { name: en.getHelp }).click()
    await support().getByLabel('Something is broken').check({ force: true })
    await support().getByLabel(en.message).fill('The gate is closed.')
    await support().getByRole('button', { name: en.send, exact: true }).click()
    await support()
      .getByText(/We have it/)
      .waitFor()
    const ticketsOf = async (who: string) =>
      (await relay.call<{ items: unknown[] }>('GET /v1/tickets', { token: tokenOf(who) })).body.items
    expect([await ticketsOf(name), await ticketsOf(other)]).toEqual([[expect.anything()], []])
  }

  async function begin(): Promise<Frame> {
    await page.goto(`${game.origin}/`)
    await support().getByText(more.notSignedIn).waitFor()
    await tell({ type: 'token', token: tokenOf('Ada') })
    await support().getByText(more.signedInAs.replace('{name}', '\u2068Ada\u2069')).waitFor()
    return frameAt(ads.origin)
  }

  const tokenMessage = (name: string) => ({ medkit: 1, type: 'token', token: tokenOf(name) })

  it.each([
    ['a frame that an advertisement has removed by the time it is heard', 'script'],
    ['a removed frame whose document the advertisement has written', 'write'],
    ['a removed frame in a window that the advertisement has opened', 'popup'],
  ] as const)('takes no token from %s', async (_, way) => {
    const ad = await begin()
    await ad.evaluate(sayAndGo, [tokenMessage('Mallory'), way] as const)
    await hears('the removed frame is heard', fromAds)
    await writesAs('Ada', 'Mallory')
  })

  it('takes none in the moment of loading, before the studio has said a word', async () => {
    const frames = game.pages.get('/') ?? ''
    game.pages.set('/', frames.replace(`${ads.origin}/`, `${ads.origin}/hasty#${tokenOf('Mallory')}`))
    await page.goto(`${game.origin}/`)
    await support().getByText(more.notSignedIn).waitFor()
    await hears('removed frames were heard all along', fromAds)
    await tell({ type: 'token', token: tokenOf('Ada') })
    await writesAs('Ada', 'Mallory')
  })

  it('takes none from a sandboxed advertisement, which calls itself nobody, neither while it is there nor once it is gone', async () => {
    const src = `${ads.origin}/nobody#${tokenOf('Mallory')}`
    game.pages.set('/', `${game.pages.get('/')}<iframe sandbox="allow-scripts" src="${src}"></iframe>`)
    await begin()
    const fromNobody = ({ origin, text }: Heard) => origin === 'null' && text.includes('token')
    await hears('the sandboxed frame is heard', (heard) => fromNobody(heard) && !heard.gone)
    await hears('a frame that it has removed is heard', (heard) => fromNobody(heard) && heard.gone)
    await writesAs('Ada', 'Mallory')
  })

  it('takes nothing else from there either: no file, no words about the player, no way back', async () => {
    const ad = await begin()
    await support().getByRole('button', { name: en.getHelp }).click()
    const base64 = btoa('bytes')
    for (const message of [
      { medkit: 1, type: 'back' },
      { medkit: 1, type: 'metadata', metadata: { vip: 'yes' } },
      { medkit: 1, type: 'file', fileName: 'a-token-of-love.png', fileType: 'image/png', base64 },
    ]) {
      await ad.evaluate(sayAndGo, [message, 'script'] as const)
      await hears('the removed frame is heard', ({ gone, text }) => gone && text.includes(`"${message.type}"`))
    }
    // What the studio says comes after all that, and shows that it has been passed over.
    await tell({ type: 'locale', locale: 'de' })
    await support().locator('.panel[lang=de]').waitFor()
    await support().getByRole('textbox').first().waitFor()
    expect(await support().getByText('a-token-of-love').count()).toBe(0)
    expect(await support().getByText('vip').count()).toBe(0)
  })
})

/**
 * In the advertisement: a frame says it and is gone in the same breath, so that whoever hears it finds nobody there.
 *
 * @param way how the frame's script gets in, and where the frame is
 */
function sayAndGo([message, way]: readonly [message: object, way: 'script' | 'write' | 'popup']): void {
  const place = way === 'popup' ? (window.open('about:blank')?.document ?? document) : document
  const frame = place.createElement('iframe')
  place.body.append(frame)
  const target = '(top.opener || window).top.frames.support'
  const text = `${target}.postMessage(${JSON.stringify(message)}, '*')`
  const inner = frame.contentDocument
  if (way === 'write') inner?.write(`<script>${text}</script>`)
  else inner?.body.append(Object.assign(inner.createElement('script'), { text }))
  frame.remove()
}

/** An advertisement that goes on and on, from before the page beside it stands. */
const hasty = `<body><script>
  const sayAndGo = ${sayAndGo.toString()}
  const message = { medkit: 1, type: 'token', token: location.hash.slice(1) }
  setInterval(() => top.frames.support && sayAndGo([message, 'script']), 20)
</script>`

/**
 * Of an origin of its own, as is every frame that it makes: it speaks for itself, and through frames whose last word it is,
 * as they are removed.
 */
const nobody = `<body><script>
  const message = JSON.stringify({ medkit: 1, type: 'token', token: location.hash.slice(1) })
  const say = 'top.frames.support && top.frames.support.postMessage(' + message + ', "*")'
  const last = '<script>addEventListener("pagehide", () => ' + say + '); parent.postMessage("here", "*")</' + 'script>'
  addEventListener('message', ({ source }) => {
    for (const frame of document.querySelectorAll('iframe')) if (frame.contentWindow === source) frame.remove()
  })
  setInterval(() => {
    eval(say)
    document.body.append(Object.assign(document.createElement('iframe'), { srcdoc: last }))
  }, 100)
</script>`
