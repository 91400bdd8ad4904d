/** Asking to be erased, taking it back, asking again, and keeping the receipt: in a real browser, by whoever may ask. */
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, expect, it } from 'vitest'
import type { SignedReceipt } from '../../server/contract/receipt.ts'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { readReceipt } from '../../server/receipts/reading.ts'
import { ar } from '../../widget/words/ar.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { createStudio } from '../fixtures/studio.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, type Visit, visit } from './browser.ts'
import { button } from './player.ts'

const graceHours = 1
const studio = createStudio()
let relay: TestRelay
let visitor: Visit

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})
afterAll(closeBrowser)

function signedIn(): string {
  const now = Math.floor(Date.now() / 1_000)
  return `#token=${studio.sign({ sub: 'player-1', iat: now, exp: now + 4 * 3_600 })}`
}

it.each([
  { locale: 'de', words: de, who: 'an anonymous player', isSigned: false },
  { locale: 'ar', words: ar, who: 'a player whom the studio signed in', isSigned: true },
])('In $locale, $who saves it', async ({ locale, words, isSigned }) => {
  let ahead = 0
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    clock: { now: () => new Date(Date.now() + ahead) },
    config: { deletionGraceHours: graceHours },
    game: { languages: ['en', 'de', 'ar'], players: { jwt: studio.config, anonymous: true } },
  })
  visitor = await visit(`${relay.url}/?game=star-harbor${isSigned ? signedIn() : ''}`, {
    locale,
    acceptDownloads: true,
  })
  const { page, complaints } = visitor
  await button(page, words.getHelp).click()
  await page.getByText('Something is broken', { exact: true }).click()
  await page.getByRole('textbox', { name: words.message }).fill('Planted words')
  await button(page, words.send).click()
  await until(async () => (await relay.desk.list()).length === 1, 'the desk has it')

  await button(page, words.privacy).click()
  const ask = async () => {
    await page.getByText(words.eraseSure).click()
    await button(page, words.eraseAsk).click()
  }
  await ask()
  await button(page, words.withdraw).click()
  await page.getByText(words.stepWithdrawn).waitFor()
  await ask()
  await button(page, words.withdraw).waitFor()
  expect(await button(page, words.saveReceipt).count()).toBe(0)
  ahead = graceHours * 3_600_000

  await button(page, words.saveReceipt).waitFor()
  await page.getByText(words.stepRelayErased).waitFor()
  expect(await findBarriers(page)).toEqual([])
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, words.saveReceipt).click()])
  expect(download.suggestedFilename()).toMatch(/^star-harbor-erasure-\d{4}-\d\d-\d\d\.json$/)
  const file = await readFile(await download.path())
  const keys = await (await fetch(`${relay.url}/.well-known/jwks.json`)).json()
  const read = await readReceipt(file, keys)
  expect(read).toMatchObject({
    receipt: { issuer: relay.url, held: { tickets: 1, messages: 1 }, atVendor: { erased: 1 } },
  })
  const { receipt, payload }: SignedReceipt = JSON.parse(file.toString())
  expect(receipt.steps.map(({ name }) => name)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
  expect(`${file}${Buffer.from(payload, 'base64url')}`).not.toMatch(/Planted|player-1|anon:/)
  expect(complaints).toEqual([])
})
