/** The main job, from the player's first word to the request for erasure, through both doors of a real browser. */

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, type HostPage, startHostPage, type Visit, visit } from './browser.ts'
import {
  askForErasure,
  button,
  close,
  focused,
  openTicket,
  reopen,
  reply,
  said,
  screenshot,
  seesDelivery,
  sendTicket,
  write,
} from './player.ts'

let host: HostPage & { embed: (relayUrl: string, game: string) => void }
let relay: TestRelay
let visitor: Visit

beforeAll(async () => {
  host = await startHostPage()
})

beforeEach(async () => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [host.url] } })
  host.embed(relay.url, 'star-harbor')
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})

afterAll(async () => {
  await closeBrowser()
  await host.close()
})

const doors = {
  'the script tag on a strict page of another origin': async () => {
    visitor = await visit(host.url, { locale: 'de' })
    await button(visitor.page, de.launcher).click()
  },
  'the full page': async () => {
    visitor = await visit(`${relay.url}/?game=star-harbor`, { locale: 'de' })
  },
}

const theTicket = () => until(async () => (await relay.desk.list())[0], 'the desk has the ticket')

describe.each(Object.entries(doors))('Through %s', (_door, enter) => {
  it('a player opens a ticket with a file, reads the answer as it comes, closes, reopens and asks for erasure', async () => {
    await enter()
    const { page, complaints } = visitor
    await button(page, de.getHelp).click()
    await write(page, { message: 'Mein Schwert ist weg', category: 'Käufe', file: true })
    await button(page, de.send).click()
    // The category has a question that must be answered: the form says so and keeps everything.
    await page.getByText(de.needed).first().waitFor()
    await page.getByRole('textbox', { name: /Order number/ }).fill('A-77')
    const number = await sendTicket(page)
    const { id } = await theTicket()
    const atDesk = await relay.desk.read(id)
    expect(atDesk.ticket).toMatchObject({ number, language: 'de' })
    expect(JSON.parse(atDesk.ticket.fields)).toEqual({ order: 'A-77' })
    expect(Object.keys(JSON.parse(atDesk.ticket.claimed))).not.toHaveLength(0)
    const [file] = atDesk.files
    expect(file).toMatchObject({ file_name: 'schwert.png', file_type: 'image/png' })
    expect(await focused(page)).toContain(number)

    await seesDelivery(page, de.deliveryDelivered)
    await relay.desk.answer(id, 'Wir haben es gefunden', new File([screenshot], 'beweis.png', { type: 'image/png' }))
    await said(page, 'Wir haben es gefunden').waitFor()
    await page.getByText('beweis.png').first().waitFor()

    await reply(page, 'Danke')
    await until(
      async () => (await relay.desk.read(id)).messages.some(({ text }) => text === 'Danke'),
      'the reply is at the desk',
    )
    await close(page)
    await page.getByRole('log').getByText(de.turned.closed.player).waitFor()
    await until(async () => (await relay.desk.read(id)).ticket.status === 'closed', 'the desk has it closed')
    await reopen(page)
    await page.getByRole('log').getByText(de.turned.reopened.player).waitFor()
    await reply(page, 'Es ist wieder weg')
    await until(async () => (await relay.desk.read(id)).ticket.status === 'open', 'the desk has it open')

    await askForErasure(page)
    expect(complaints).toEqual([])
  })

  it('what was written survives a reload, and so does the ticket', async () => {
    await enter()
    const { page } = visitor
    await button(page, de.getHelp).click()
    await write(page, { message: 'Halb geschrieben' })
    await page.reload()
    await reenter(page)
    await button(page, de.getHelp).click()
    const message = page.getByRole('textbox', { name: /^Was ist passiert/ })
    expect(await message.inputValue()).toBe('Halb geschrieben')
    await sendTicket(page)
    await page.reload()
    await reenter(page)
    await page.getByText('Halb geschrieben').first().waitFor()
  })

  it('a message written while the relay is away goes out by itself, once', async () => {
    await enter()
    const { page } = visitor
    await button(page, de.getHelp).click()
    await visitor.context.setOffline(true)
    await write(page, { message: 'Ohne Netz geschrieben' })
    await button(page, de.send).click()
    await page.getByText(de.kept).first().waitFor()
    await visitor.context.setOffline(false)
    const { id } = await theTicket()
    expect((await relay.desk.read(id)).messages.map(({ text }) => text)).toEqual(['Ohne Netz geschrieben'])
    expect(await relay.desk.list()).toHaveLength(1)
  })
})

/** The widget does not open by itself after a reload; the full page is always open. */
async function reenter(page: Page): Promise<void> {
  const launcher = button(page, de.launcher)
  await Promise.race([launcher.waitFor(), button(page, de.getHelp).waitFor()])
  if (await launcher.isVisible()) await launcher.click()
}

describe.each(['light', 'dark'] as const)('In %s', (colorScheme) => {
  it('axe-core finds no barrier on any view', async () => {
    visitor = await visit(`${relay.url}/?game=star-harbor`, {
      locale: 'de',
      colorScheme,
      viewport: { width: 420, height: 800 },
    })
    const { page } = visitor
    await button(page, de.getHelp).waitFor()
    const seen: Record<string, unknown> = { home: await findBarriers(page) }
    await button(page, de.getHelp).click()
    await page.getByRole('textbox', { name: /^Was ist passiert/ }).waitFor()
    seen.newTicket = await findBarriers(page)
    await button(page, de.back).click()
    await openTicket(page, { message: 'Hallo' })
    seen.sent = await findBarriers(page)
    const { id } = await theTicket()
    await relay.desk.answer(id, 'Guten Tag')
    await said(page, 'Guten Tag').waitFor()
    seen.conversation = await findBarriers(page)
    await close(page)
    await page.getByRole('log').getByText(de.turned.closed.player).waitFor()
    seen.closed = await findBarriers(page)
    await button(page, de.back).click()
    seen.list = await findBarriers(page)
    await askForErasure(page)
    seen.privacy = await findBarriers(page)
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((view) => [view, []])))
  })
})
