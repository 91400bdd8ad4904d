/** What a player has written or chosen is not lost: not between two tabs, not with a file that vanished, not on another device. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, launch, type Visit, visit } from './browser.ts'
import { button, openTicket, said, seesDelivery, sendTicket, write } from './player.ts'
import { startSite } from './sites.ts'

let relay: TestRelay
let visitor: Visit
let page: Page

const phone = { locale: 'de', viewport: { width: 600, height: 900 } }
const portal = () => `${relay.url}/?game=star-harbor`
const message = (tab: Page) => tab.getByRole('textbox', { name: de.message })

beforeEach(async () => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget') })
  visitor = await visit(portal(), phone)
  page = visitor.page
})

afterEach(async () => {
  await Promise.all((await launch()).contexts().map((context) => context.close()))
  await relay.close()
})

afterAll(closeBrowser)

/** Another tab of the same browser, on the form. */
async function openForm(tab: Page): Promise<Page> {
  if (tab.url() !== portal()) await tab.goto(portal())
  await button(tab, de.getHelp).click()
  await message(tab).waitFor()
  return tab
}

async function loadAnew(tab: Page): Promise<string> {
  await tab.reload()
  await openForm(tab)
  return message(tab).inputValue()
}

it('Two tabs that write at once keep each its own words, and a third begins with the newest', async () => {
  const first = await openForm(page)
  const second = await openForm(await visitor.context.newPage())
  await message(first).fill('Ein langer Text über das Schwert')
  await message(second).fill('Kurz')
  expect(await loadAnew(first)).toBe('Ein langer Text über das Schwert')
  expect(await loadAnew(second)).toBe('Kurz')
  const third = await openForm(await visitor.context.newPage())
  expect(await message(third).inputValue()).toBe('Kurz')
})

it('A tab keeps what it shows, though a later one was offered the same and made something else of it', async () => {
  const first = await openForm(page)
  await message(first).fill('Ein langer Text über das Schwert')
  const second = await openForm(await visitor.context.newPage())
  expect(await message(second).inputValue()).toBe('Ein langer Text über das Schwert')
  await message(second).fill('Etwas anderes')
  const stored = () => first.evaluate(() => JSON.stringify({ ...localStorage }))
  await until(async () => (await stored()).includes('Ein langer Text'), 'the first tab has put its own back')
  expect(await loadAnew(first)).toBe('Ein langer Text über das Schwert')
  expect(await loadAnew(second)).toBe('Etwas anderes')
  await second.getByText('Something is broken', { exact: true }).click()
  await sendTicket(second)
  expect(await loadAnew(first)).toBe('Ein langer Text über das Schwert')
})

it('A player whose browser forgets everything in the middle of a sentence is who they were, and finds their ticket again', async () => {
  const number = await openTicket(page, { message: 'Mein Schwert ist weg' })
  const field = page.getByRole('textbox', { name: de.write })
  await field.fill('Es war das')
  const session = await visitor.context.newCDPSession(page)
  const storageTypes = 'local_storage,indexeddb'
  await session.send('Storage.clearDataForOrigin', { origin: relay.url, storageTypes })
  await until(() => page.evaluate(() => localStorage.length === 0), 'the browser has forgotten')
  await field.pressSequentially(' blaue.')
  await button(page, de.send).click()
  await said(page, 'Es war das blaue.').waitFor()
  await seesDelivery(page, de.deliveryDelivered)
  await page.reload()
  await page.getByText('Mein Schwert ist weg').first().click()
  await page.getByRole('heading', { name: number }).waitFor()
  await said(page, 'Es war das blaue.').waitFor()
})

it('A file that was deleted after it was chosen is said to be gone, and the message goes without it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-chosen-'))
  const path = join(folder, 'spiel.log')
  await writeFile(path, 'a line of a log\n'.repeat(1_000))
  const sent: string[] = []
  page.on('request', (request) => request.method() === 'PATCH' && sent.push(request.url()))
  await page.route('**/v1/attachments', async (route) => {
    await rm(folder, { recursive: true })
    await route.continue()
  })
  await openForm(page)
  await write(page, { message: 'Ohne Datei' })
  await page.locator('input[type=file]').first().setInputFiles(path)
  await page.getByText(de.fileGone).waitFor()
  await page.getByText(de.filesRemove).waitFor()
  expect(await page.getByRole('progressbar').count()).toBe(0)
  expect(await button(page, de.tryAgain).count()).toBe(0)
  expect(await findBarriers(page)).toEqual([])
  await button(page, de.remove.replace('{name}', 'spiel.log')).click()
  await sendTicket(page)
  expect(sent).toEqual([])
})

it('A recovery key is copied on one device and typed on another as people type, once', async () => {
  await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const number = await openTicket(page, { message: 'Mein Schwert ist weg' })
  await button(page, de.back).click()
  await button(page, de.privacy).click()
  await button(page, de.recoveryShow).click()
  await button(page, de.copy).click()
  await page.getByText(de.copied).waitFor()
  const key = await page.evaluate(() => navigator.clipboard.readText())
  expect(key).toMatch(/^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/)
  expect(await findBarriers(page)).toEqual([])

  const typed = ` ${key.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `
  const recover = async ({ page }: Visit) => {
    await button(page, de.recover).click()
    await page.getByRole('textbox', { name: de.recoveryKey }).fill(typed)
    await button(page, de.recover).click()
  }
  const other = await visit(portal(), phone)
  await recover(other)
  await other.page.getByText('Mein Schwert ist weg').first().waitFor()
  await other.page.getByText(de.recovered).waitFor()
  await other.page.getByText('Mein Schwert ist weg').first().click()
  await other.page.getByRole('heading', { name: number }).waitFor()

  const third = await visit(portal(), phone)
  await recover(third)
  await third.page.getByText(de.recoveryWrong).waitFor()
  expect(await third.page.getByRole('textbox', { name: de.recoveryKey }).inputValue()).toBe(typed)
  expect(await findBarriers(third.page)).toEqual([])
})

it('A page that the configuration does not name is told so, can read nothing else, and hears which line to change', async () => {
  const site = await startSite('stranger')
  site.pages.set(
    '/',
    `<title>Spiel</title><script async src="${relay.url}/medkit.js" data-game="star-harbor"></script>`,
  )
  const stranger = await visit(site.origin, { locale: 'en' })
  await button(stranger.page, 'Support').click()
  await stranger.page.getByText('Support is not set up for this page.').waitFor()
  const findings = await stranger.page.evaluate(() => {
    const { medkit } = window
    return medkit && 'doctor' in medkit ? medkit.doctor() : []
  })
  const found = Object.fromEntries(findings.map(({ check, ok, detail }) => [check, { ok, detail }]))
  expect(found.relay?.ok).toBe(true)
  expect(found.origin?.ok).toBe(false)
  expect(found.origin?.detail).toContain('"games.star-harbor.origins"')
  expect(found.origin?.detail).toContain(`"${site.origin}"`)

  const { token } = await relay.signIn()
  const read = await stranger.page.evaluate(
    async ({ url, token }) => {
      const plain = await fetch(`${url}/v1/tickets`)
      const withToken = await fetch(`${url}/v1/tickets`, { headers: { authorization: `Bearer ${token}` } }).then(
        () => 'read',
        () => 'blocked',
      )
      return { status: plain.status, body: await plain.json(), withToken }
    },
    { url: relay.url, token },
  )
  expect(read).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' }, withToken: 'blocked' })
  await site.close()
})
