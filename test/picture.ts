/**
 * `npm run picture`: README's picture, light and dark, of the demo as `npm start` runs it: a player writes, an agent answers.
 * Nothing is drawn by hand.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { en } from '../widget/words/en.ts'
import { chromiumLaunch } from './fixtures/chromium.ts'

const root = join(import.meta.dirname, '..')
const words = {
  message: 'My sword is gone since the update. I had it equipped when the harbor closed.',
  answer: 'We found it: the update moved it to your ship’s hold. It is back in your inventory now.',
  agent: 'Robin',
}
const schemes = { light: 'docs/medkit.webp', dark: 'docs/medkit-dark.webp' } as const
/** It is looked at by everybody who opens README. */
const maxBytes = 60 * 1024

interface Demo {
  address: string
  deskToken: string
  close: () => Promise<unknown>
}

const folder = await mkdtemp(join(tmpdir(), 'medkit-picture-'))
const demo = await startDemo()
const browser = await chromium.launch(await chromiumLaunch())
try {
  for (const [scheme, file] of Object.entries(schemes)) {
    const bytes = await takePicture(browser, demo, scheme as keyof typeof schemes)
    await writeFile(join(root, file), bytes)
    console.log(`${file}: ${bytes.length} bytes`)
    if (bytes.length > maxBytes) throw new Error(`${file} has more than ${maxBytes} bytes`)
  }
} finally {
  await browser.close()
  await demo.close()
  await rm(folder, { recursive: true })
}

/** In a folder of its own, so that nothing of the demo's own data is touched or shown. */
async function startDemo(): Promise<Demo> {
  const env = { ...process.env, PORT: '0', MEDKIT_LOG: 'silent' }
  const relay = spawn(process.execPath, [join(root, 'server/main.ts')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const welcome = await welcomeOf(relay)
  const [address] = /http:\/\/[^/\s]+/.exec(welcome) ?? []
  const [, deskToken] = /its token +(\S+)/.exec(welcome) ?? []
  if (!address || !deskToken) throw new Error('the demo did not say where it is')
  const close = () => {
    const ended = once(relay, 'exit')
    relay.kill('SIGINT')
    return ended
  }
  return { address, deskToken, close }
}

async function welcomeOf({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of stdout ?? []) {
    text += chunk
    if (/its token +\S+\s/.test(text)) return text
  }
  throw new Error('the demo ended before it was ready')
}

async function takePicture(
  from: Browser,
  { address, deskToken }: Demo,
  colorScheme: 'light' | 'dark',
): Promise<Buffer> {
  const context = await from.newContext({
    viewport: { width: 1080, height: 600 },
    deviceScaleFactor: 2,
    colorScheme,
    reducedMotion: 'reduce',
    locale: 'en-US',
  })
  const page = await context.newPage()
  await page.goto(`${address}/demo`)
  await writeTicket(page)
  await answerAtDesk(address, deskToken)
  await page.getByRole('log').getByText(words.answer).waitFor()
  await page.evaluate(() => document.fonts.ready)
  // The pointer and the focus leave nothing behind in the picture.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  const picture = await webpOf(page)
  await context.close()
  return picture
}

/** Sharp on every screen in a third of the bytes a PNG takes: the demo's sky is one long gradient. */
async function webpOf(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
  return Buffer.from(data, 'base64')
}

async function writeTicket(page: Page): Promise<void> {
  await page.getByRole('button', { name: en.launcher, exact: true }).click()
  await page.getByRole('button', { name: en.getHelp }).click()
  await page.getByText('Something is broken', { exact: true }).click()
  await page.getByRole('textbox', { name: en.message }).fill(words.message)
  await page.getByRole('button', { name: en.send }).click()
  await page.getByText(words.message, { exact: true }).first().waitFor()
}

/** As a script of the studio's would. */
async function answerAtDesk(address: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
  const newest = async () => {
    const response = await fetch(`${address}/desk`, { headers })
    const { tickets } = (await response.json()) as { tickets: { id: string; status: string }[] }
    return tickets.find(({ status }) => status === 'open')
  }
  let ticket = await newest()
  while (!ticket) ticket = await newest()
  const body = new URLSearchParams({ text: words.answer, name: words.agent })
  await fetch(`${address}/desk/tickets/${ticket.id}/messages`, { method: 'POST', headers, body, redirect: 'manual' })
}
