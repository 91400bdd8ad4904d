/** The line of a phone on a train: it breaks before the relay has heard a call, and then before the answer is back. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, type Visit, visit } from './browser.ts'
import { button, openTicket, reply, said } from './player.ts'

let relay: TestRelay
let visitor: Visit

beforeEach(async () => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget') })
  visitor = await visit('about:blank', { locale: 'de' })
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})

afterAll(closeBrowser)

it('what a player writes and attaches arrives once, and so does what they are answered', async () => {
  const { page } = visitor
  // From try to try the outbox waits longer.
  visitor.context.setDefaultTimeout(120_000)
  const tries = new Map<string, number>()
  await page.route(/\/v1\/(?!events)/, async (route) => {
    const call = `${route.request().method()} ${new URL(route.request().url()).pathname.replace(/[\w-]{22,}/, ':id')}`
    const count = (tries.get(call) ?? 0) + 1
    tries.set(call, count)
    if (count > 2) return route.continue()
    if (count === 2) await route.fetch()
    return route.abort('connectionreset')
  })
  await page.goto(`${relay.url}/?game=star-harbor`)
  await openTicket(page, { message: 'Mein Schwert ist weg', file: true })
  const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  await relay.desk.answer(id, 'Wir haben es gefunden')
  await said(page, 'Wir haben es gefunden').waitFor()
  await reply(page, 'Danke')
  const atDesk = await until(
    async () => {
      const desk = await relay.desk.read(id)
      return desk.messages.length === 3 && desk
    },
    'the desk has everything',
    120_000,
  )
  expect(atDesk.messages.map(({ text }) => text)).toEqual(['Mein Schwert ist weg', 'Wir haben es gefunden', 'Danke'])
  expect(atDesk.files).toMatchObject([{ file_name: 'schwert.png' }])
  await until(async () => (await said(page, 'Danke').count()) === 1, 'it stands there once')
  expect(await relay.desk.list()).toHaveLength(1)
  expect(await button(page, de.tryAgain).count()).toBe(0)
  expect([...tries.keys()]).toEqual(
    expect.arrayContaining([
      'POST /v1/sessions',
      'POST /v1/attachments',
      'POST /v1/tickets',
      'GET /v1/games/star-harbor',
    ]),
  )
}, 240_000)
