/** What the script tag does to a page that is not ours, and what such a page can do to it. */
import { createServer, type Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { en } from '../../widget/words/en.ts'
import { more } from '../../widget/words/en-more.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, launch } from './browser.ts'

/** The rules that have broken such widgets before: resets, tiny root sizes, bare element and class names, `!important`. */
const hostile = `
  :root { font-size: 62.5%; --accent: red; --text: red; --surface: yellow }
  * { all: unset !important; animation: spin 9s !important; }
  medkit-host { display: none !important; opacity: 0 !important }
  ::backdrop { display: block !important; background: red !important }
  html { direction: rtl; color: red; font: 40px serif; letter-spacing: 9px; line-height: 3 }
  button, .main, .panel, .launcher, div, p, svg { background: red !important; position: static !important; color: lime }
`

describe('a page with the script tag', () => {
  let relay: TestRelay
  let site: Server
  let origin: string
  let html = ''

  beforeAll(async () => {
    site = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const address = site.address()
    origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  })
  beforeEach(async () => {
    relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [origin] } })
  })
  afterEach(async () => {
    await Promise.all((await launch()).contexts().map((context) => context.close()))
    await relay.close()
  })
  afterAll(async () => {
    await closeBrowser()
    await new Promise((resolve) => site.close(resolve))
  })

  const tag = () => `<script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`

  async function open(head: string, body = '<h1>Game</h1><button class="main">Play</button>'): Promise<Page> {
    const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' })
    context.setDefaultTimeout(40_000)
    const page = await context.newPage()
    html = `<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`
    await page.goto(`${origin}/`)
    return page
  }

  const launcher = (page: Page) => page.getByRole('button', { name: en.launcher })

  /** What the eye would see of one element. */
  const looks = (page: Page, selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => {
        const style = getComputedStyle(element)
        const [width, height] = [element.clientWidth, element.clientHeight]
        const { color, backgroundColor, fontFamily, fontSize, letterSpacing, lineHeight, direction, position } = style
        return {
          width,
          height,
          color,
          backgroundColor,
          fontFamily,
          fontSize,
          letterSpacing,
          lineHeight,
          direction,
          position,
        }
      })

  it('gets one element and one global, asks the relay for nothing but the script, and has nothing stored', async () => {
    const page = await open('')
    const globals = () => page.evaluate(() => Object.getOwnPropertyNames(window))
    const before = await globals()
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.evaluate((src) => {
      const script = Object.assign(document.createElement('script'), { src, async: true })
      script.dataset.game = 'star-harbor'
      document.head.append(script)
    }, `${relay.url}/medkit.js`)
    await launcher(page).waitFor()
    expect((await globals()).filter((name) => !before.includes(name))).toEqual(['medkit'])
    expect(await page.locator('html > :not(head, body), body > :not(h1, button)').count()).toBe(1)
    expect(asked).toEqual(['/medkit.js'])
    expect(await page.context().storageState()).toEqual({ cookies: [], origins: [] })
  })

  it('cannot restyle the widget, and is not restyled by it', async () => {
    const parts = ['medkit-host .panel', 'medkit-host .main', 'medkit-host .title', 'medkit-host .icon']
    const shown = async (head: string) => {
      const page = await open(head + tag())
      await launcher(page).click()
      await page.getByText(en.noTickets).waitFor()
      const widget = await Promise.all(parts.map((part) => looks(page, part)))
      const own = await Promise.all(['h1', 'body > button'].map((part) => looks(page, part)))
      return { page, widget, own }
    }
    const calm = await shown('')
    const attacked = await shown(`<style>${hostile}</style>`)
    expect(attacked.widget).toEqual(calm.widget)
    const backdrop = (page: Page) =>
      page.locator('medkit-host').evaluate((host) => getComputedStyle(host, '::backdrop').backgroundColor)
    expect(await backdrop(attacked.page)).toBe('rgba(0, 0, 0, 0)')
    const untouched = await open('')
    expect(calm.own).toEqual(await Promise.all(['h1', 'body > button'].map((part) => looks(untouched, part))))
  })

  it('can put its own window above the widget, by one variable', async () => {
    const page = await open(`<style>:root { --medkit-z-index: 5 }</style>${tag()}`)
    await launcher(page).waitFor()
    expect(await page.locator('medkit-host').evaluate((host) => getComputedStyle(host).zIndex)).toBe('5')
  })

  it('keeps the calls made before the script, and is left alone by a second copy', async () => {
    const page = await open(
      `<script>medkit = []; medkit.push(['on', 'open', () => document.title = 'opened'], ['open', 'new'])</script>${tag()}${tag()}`,
    )
    await page.getByRole('heading', { name: 'New ticket' }).waitFor()
    expect(await page.title()).toBe('opened')
    expect(await page.locator('medkit-host').count()).toBe(1)
  })

  it('is left without a trace by destroy, as often as it likes', async () => {
    const page = await open('')
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const listeners = async () => {
      await session.send('HeapProfiler.collectGarbage')
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'JSEventListeners')?.value ?? 0
    }
    const cycle = async () => {
      await page.evaluate((src) => {
        const script = Object.assign(document.createElement('script'), { src })
        script.dataset.game = 'star-harbor'
        document.head.append(script)
      }, `${relay.url}/medkit.js`)
      await until(() => page.evaluate(() => 'medkit' in window), 'the script has run')
      await page.evaluate(openAndDestroy)
      await until(async () => (await page.locator('medkit-host').count()) === 0, 'the widget is gone')
      expect(await page.evaluate(() => 'medkit' in window)).toBe(false)
    }
    await cycle()
    const afterOne = await listeners()
    for (let more = 0; more < 10; more += 1) await cycle()
    // The browser collects when it likes; ten panels' worth would never go.
    await until(async () => (await listeners()) <= afterOne + 2, 'every listener is off')
  })

  it('needs nothing but the script and the panel’s first file for a player to write, send, and hear that it arrived', async () => {
    const page = await open(tag())
    const fetched: string[] = []
    await page.route('**/assets/*', (route) => {
      const name = new URL(route.request().url()).pathname
      if (!name.startsWith('/assets/panel-')) return route.abort()
      fetched.push(name)
      return route.continue()
    })
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).click()
    await page.getByLabel('Purchases').check({ force: true })
    await page.getByLabel('Order number').fill('A-1')
    await page.getByLabel(en.message).fill('I was charged twice.')
    await page.getByRole('button', { name: en.send, exact: true }).click()
    await page.getByText(/^We have it\. Your ticket is SH-/).waitFor()
    // What cannot be had is not passed over in silence.
    await page.getByRole('alert').getByText(en.unreachable).waitFor()
    expect(fetched).toHaveLength(1)
  })

  it('fetches what shows a player’s tickets while the relay still looks for them', async () => {
    const asked = await fetch(`${relay.url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ game: 'star-harbor', kind: 'anonymous' }),
    })
    const session = JSON.stringify(await asked.text())
    const page = await open(`<script>localStorage.setItem('medkit:star-harbor:session', ${session})</script>${tag()}`)
    const rows = page.waitForRequest((request) => request.url().includes('/assets/ticket-list-'))
    await page.route('**/v1/tickets*', async (route) => {
      await rows
      await route.continue()
    })
    const tickets = page.waitForResponse((response) => response.url().includes('/v1/tickets'))
    await launcher(page).hover()
    expect((await tickets).status()).toBe(200)
  })

  it('fetches again, on Try again, what had not come, and keeps what was written meanwhile', async () => {
    const page = await open(tag())
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    const later = (url: URL) => url.pathname.startsWith('/assets/') && !url.pathname.startsWith('/assets/panel-')
    await page.route(later, (route) => route.abort())
    await launcher(page).click()
    await page.getByRole('button', { name: en.getHelp }).click()
    await page.getByLabel('Something is broken').check({ force: true })
    await page.getByLabel(en.message).fill('My sword is gone.')
    const again = page.getByRole('button', { name: en.tryAgain })
    await again.waitFor()
    await page.unroute(later)
    await again.click()
    await page.getByText(more.addFiles).waitFor()
    await page.getByRole('button', { name: en.send, exact: true }).click()
    await page.getByRole('article').getByText('My sword is gone.').waitFor()
    await page.getByRole('button', { name: en.back }).click()
    await page.getByText(more.statusOpen).waitFor()
    expect(await again.count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('still reaches support by a plain link when a blocker swallows the panel', async () => {
    const page = await open(tag())
    await page.route('**/assets/panel-*', (route) => route.abort())
    await launcher(page).hover()
    await launcher(page).click()
    const [full] = await Promise.all([page.context().waitForEvent('page'), launcher(page).click()])
    await full.unroute('**/assets/panel-*')
    expect(full.url()).toBe(`${relay.url}/?game=star-harbor`)
  })
})

/** In the page: by its own handle, because a driver's hold on an element would keep it alive. */
async function openAndDestroy(): Promise<void> {
  const { medkit } = window as unknown as { medkit: { open(): void; destroy(): void } }
  const host = document.querySelector('medkit-host')
  medkit.open()
  while (!host?.shadowRoot?.querySelector('.empty')) await new Promise((resolve) => setTimeout(resolve, 10))
  medkit.destroy()
}
