/** What goes along with a message, before and after: seen line by line, masked or left out in the browser, in a narrow dark Arabic page. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { mask } from '../../widget/state/new-ticket.ts'
import { ar } from '../../widget/words/ar.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, type Visit, visit } from './browser.ts'

const studio = createStudio()
let relay: TestRelay
let visitor: Visit

beforeEach(async () => {
  const players = { jwt: studio.config }
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { players } })
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})

afterAll(closeBrowser)

function token(): string {
  const now = Math.floor(Date.now() / 1_000)
  const metadata = { tier: 2, tags: ['vip'], fields: { guild: 'Blue Fleet' } }
  return studio.sign({ sub: 'player-ada', name: 'Ådå', iat: now, exp: now + 3_600, metadata })
}

it('a player masks one line and leaves out another, and sees in the conversation what went along', async () => {
  visitor = await visit('about:blank', {
    locale: 'ar',
    colorScheme: 'dark',
    viewport: { width: 320, height: 640 },
  })
  const { page, context, complaints } = visitor
  // A native game's bridge, over which it tells more about the player.
  await page.addInitScript(() => Object.assign(window, { medkitHost: { postMessage: () => undefined } }))
  await page.goto(`${relay.url}/?game=star-harbor#token=${token()}`)
  const bodies: string[] = []
  page.on('request', (request) => bodies.push(request.postData() ?? ''))
  await page.getByRole('button', { name: ar.getHelp }).click()
  const metadata = { ship: 'Quiet Tide', home: 'Pier 7, Lantern Street' }
  await page.evaluate((told) => window.postMessage(JSON.stringify(told), '*'), {
    medkit: 1,
    type: 'metadata',
    metadata,
  })
  await page.getByRole('button', { name: ar.back }).click()
  await page.getByRole('button', { name: ar.getHelp }).click()
  await page.getByText('Something is broken').click()
  await page.getByRole('textbox', { name: ar.message }).fill('السفينة اختفت')

  const line = (name: string) => page.getByRole('checkbox', { name })
  await page.locator('summary').click()
  await line('home').press('Space')
  await line(ar.timeZone).click()
  await line(ar.timeZone).click()
  await page.getByText(ar.withheld, { exact: true }).waitFor()
  expect(await line('home').evaluate((box) => 'indeterminate' in box && box.indeterminate)).toBe(true)
  await page.getByText('Blue Fleet').waitFor()
  expect(await findBarriers(page)).toEqual([])
  await page.getByRole('button', { name: ar.send, exact: true }).click()

  const opened = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  const atDesk = await relay.desk.read(opened.id)
  const claimed: Record<string, string> = JSON.parse(atDesk.ticket.claimed)
  expect(claimed).toMatchObject({ ship: 'Quiet Tide', home: mask })
  expect(claimed).not.toHaveProperty('timeZone')
  const kept = JSON.stringify(await context.storageState({ indexedDB: true }))
  expect(kept).toContain('"home')
  for (const text of [...bodies, kept]) expect(text).not.toContain('Lantern Street')

  await page.getByText(ar.sentAlong).click()
  const told = await page.locator('.also dl > div').allInnerTexts()
  const lines = told.map((text) => text.replaceAll(/\s*\n\s*/g, ': '))
  const signed = [`${ar.playerId}: player-ada`, `${ar.playerName}: Ådå`, `${ar.tier}: 2`, `${ar.tags}: vip`]
  expect(lines.slice(0, 5)).toEqual([...signed, 'guild: Blue Fleet'])
  const names = Object.entries(claimed).filter(([name]) => name === 'ship' || name === 'home')
  expect(lines).toEqual(expect.arrayContaining(names.map(([name, value]) => `${name}: ${value}`)))
  expect(lines.join('\n')).not.toContain(ar.timeZone)
  expect(await findBarriers(page)).toEqual([])
  expect(complaints).toEqual([])
})
