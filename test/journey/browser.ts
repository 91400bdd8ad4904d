/** A real Chromium, and pages of a studio's own on another origin than the relay. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumLaunch } from '../fixtures/chromium.ts'

let browser: Promise<Browser> | undefined

export function launch(): Promise<Browser> {
  browser ??= chromiumLaunch().then((options) => chromium.launch(options))
  return browser
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export interface Visit {
  page: Page
  context: BrowserContext
  /** Whatever the page complained of: errors, refused policies. */
  complaints: string[]
}

/** A fresh device. */
export async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(40_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(url)
  return { page, context, complaints }
}

export interface HostPage {
  url: string
  close: () => Promise<void>
}

/** A studio's page as strict as they come: nothing but its own relay may do anything, and no string becomes script. */
export async function startHostPage(): Promise<HostPage & { embed: (relayUrl: string, game: string) => void }> {
  let relay = ''
  let game = ''
  const server = createServer((_request, response) => {
    const policy = [
      "default-src 'none'",
      `script-src ${relay}`,
      `style-src ${relay}`,
      `connect-src ${relay}`,
      `img-src ${relay} blob:`,
      "require-trusted-types-for 'script'",
    ]
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
    })
    response.end(`<!doctype html><html lang="de"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Spiel</title><h1>Spiel</h1>
      <script async src="${relay}/medkit.js" data-game="${game}"></script></html>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    embed: (relayUrl, gameKey) => {
      relay = relayUrl
      game = gameKey
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface AxeFinding {
  id: string
  targets: string
}

/** What axe-core finds wrong on the page as it is now. Runs past the page's policy, which lets no script in. */
export async function findBarriers(page: Page): Promise<AxeFinding[]> {
  const session = await page.context().newCDPSession(page)
  try {
    await session.send('Runtime.evaluate', { expression: axeSource })
    const expression = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      JSON.stringify(violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ target }) => target.join(' ')).join(', ') }))))`
    const { result } = await session.send('Runtime.evaluate', { expression, awaitPromise: true })
    return JSON.parse(result.value)
  } finally {
    await session.detach()
  }
}
