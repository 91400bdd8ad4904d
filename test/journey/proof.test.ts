/** The work that a relay asks of anonymous players, done by the widget in a real browser: to come in, for a file, for a ticket. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { ar } from '../../widget/words/ar.ts'
import { de } from '../../widget/words/de.ts'
import { more } from '../../widget/words/en-more.ts'
import { ja } from '../../widget/words/ja.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, type Visit, visit } from './browser.ts'
import { openTicket, screenshot } from './player.ts'

let relay: TestRelay
let visitor: Visit | undefined
let free: number

beforeEach(async () => {
  free = Number.MAX_SAFE_INTEGER
  relay = await startRelay({
    browserFiles: readBrowserFiles('dist/widget'),
    freeBytesOf: async () => free,
    config: { limits: { unproved: { address: 1 } } },
    game: { languages: ['en', 'de', 'ar', 'ja'], players: { anonymous: true, proofOfWork: { seconds: 0.2 } } },
  })
})

afterEach(async () => {
  await visitor?.context.close()
  visitor = undefined
  await relay.close()
})

afterAll(closeBrowser)

it('a player behind a crowded address comes in, attaches a picture and opens a ticket, and notices nothing', async () => {
  await relay.signIn()
  visitor = await visit(`${relay.url}/?game=star-harbor`, { locale: 'de' })
  const asked: string[] = []
  visitor.page.on('response', (response) => {
    const call = `${response.request().method()} ${new URL(response.url()).pathname}`
    if (response.request().method() === 'POST') asked.push(`${call} ${response.status()}`)
  })
  await openTicket(visitor.page, { message: 'Mein Schwert ist weg', file: true })
  const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  await until(async () => (await relay.desk.read(id)).files.length === 1, 'the desk has the picture')
  expect(asked).toEqual([
    'POST /v1/sessions 422',
    'POST /v1/sessions/challenges 201',
    'POST /v1/sessions 201',
    'POST /v1/challenges 201',
    'POST /v1/attachments 201',
    'POST /v1/challenges 201',
    'POST /v1/tickets 201',
  ])
})

it.each([
  ['en', more.problems.noRoom, 'Get help'],
  ['de', de.problems.noRoom, de.getHelp],
  ['ar', ar.problems.noRoom, ar.getHelp],
  ['ja', ja.problems.noRoom, ja.getHelp],
])('whoever chooses a file that there is no room for reads so (%s)', async (locale, sentence, help) => {
  free = 0
  visitor = await visit(`${relay.url}/?game=star-harbor`, { locale })
  await visitor.page.getByRole('button', { name: help }).click()
  const chosen = { name: 'schwert.png', mimeType: 'image/png', buffer: screenshot }
  await visitor.page.locator('input[type=file]').first().setInputFiles(chosen)
  await visitor.page.getByRole('alert').filter({ hasText: sentence }).waitFor()
})
