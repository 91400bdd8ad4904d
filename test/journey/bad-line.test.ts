/** The line of a phone on a train: it breaks before the relay has heard a call, and then before the answer is back. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/routes/browser-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../relay/start.ts'
import { until } from '../relay/wait.ts'
import { closeBrowser, type Visit, visit } from './browser.ts'
import { button, close, openTicket, reopen, reply, said } from './player.ts'

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

it('a player writes, is answered, writes on, closes and reopens, and the desk has each once', async () => {
  const { page } = visitor
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
  await openTicket(page, { message: 'Mein Schwert ist weg' })
  const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
  await relay.desk.answer(id, 'Wir haben es gefunden')
  await said(page, 'Wir haben es gefunden').waitFor()
  await reply(page, 'Danke')
  await close(page)
  await reopen(page)
  await reply(page, 'Es ist wieder weg')
  const atDesk = await until(async () => {
    const desk = await relay.desk.read(id)
    return desk.messages.length === 4 && desk.ticket.status === 'open' && desk
  }, 'the desk has everything')
  expect(atDesk.messages.map(({ text }) => text)).toEqual([
    'Mein Schwert ist weg',
    'Wir haben es gefunden',
    'Danke',
    'Es ist wieder weg',
  ])
  await until(async () => (await said(page, 'Danke').count()) === 1, 'it stands there once')
  expect(await relay.desk.list()).toHaveLength(1)
  expect(await button(page, de.tryAgain).count()).toBe(0)
  await until(() => [...tries.values()].every((count) => count > 2), 'every call has been tried until it came through')
})
