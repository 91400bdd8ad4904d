/** Files from a real browser through a real relay to the agent's desk: chosen in every way, broken off in every way. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, type Visit, visit } from './browser.ts'
import { fileAtDesk, ticketAtDesk } from './desk-files.ts'
import { button, screenshot, sendTicket, write } from './player.ts'

let relay: TestRelay
let visitor: Visit
let page: Page

beforeEach(async () => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget') })
  visitor = await visit(`${relay.url}/?game=star-harbor`, { locale: 'de' })
  page = visitor.page
  await button(page, de.getHelp).click()
  await page.getByText('Something is broken').waitFor()
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})

afterAll(closeBrowser)

const megabyte = 2 ** 20
/** Text is not drawn anew, so that it arrives byte for byte. */
const log = (bytes: number) => Buffer.from('line of a log, \n'.repeat(bytes / 16))

interface Given {
  name: string
  mimeType: string
  buffer: Buffer
}

const pick = (given: Given) => page.locator('input[type=file]').first().setInputFiles(given)
const remove = (name: string) => button(page, de.remove.replace('{name}', name))
const progress = () => page.getByRole('progressbar')
const share = () => progress().evaluate((bar) => (bar as HTMLProgressElement).value)
/** The file has arrived with the relay: its size stands in the place of its progress. */
const arrives = (name: string) =>
  page.getByRole('listitem').filter({ hasText: name }).filter({ hasNotText: '%' }).getByText(/B/).first().waitFor()

const atDesk = () => ticketAtDesk(relay)
const bytesAtDesk = () => fileAtDesk(relay)

/** Bytes a second, as on a train. */
async function slowDown(uploadThroughput: number): Promise<() => Promise<void>> {
  const session = await visitor.context.newCDPSession(page)
  const set = (speed: number) =>
    session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: speed,
    })
  await session.send('Network.enable')
  await set(uploadThroughput)
  return async () => {
    await set(-1)
  }
}

function pieces(): Request[] {
  const seen: Request[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') seen.push(request)
  })
  return seen
}

describe('A file', () => {
  it('is picked, pasted and dropped, and all three arrive', async () => {
    await write(page, { message: 'Drei Bilder' })
    await pick({ name: 'gewählt.png', mimeType: 'image/png', buffer: screenshot })
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })])
    }, screenshot.toString('base64'))
    await page.getByRole('textbox', { name: de.message }).press('Control+V')
    await page.getByText('image.png').waitFor()
    const dataTransfer = await page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      const transfer = new DataTransfer()
      transfer.items.add(new File([bytes], 'gezogen.png', { type: 'image/png' }))
      return transfer
    }, screenshot.toString('base64'))
    await page.getByRole('textbox', { name: de.message }).dispatchEvent('drop', { dataTransfer })
    await page.getByText('gezogen.png').waitFor()
    await sendTicket(page)
    await until(async () => (await atDesk()).files.length === 3, 'all three are at the desk')
    expect((await atDesk()).files.map(({ file_name }) => file_name).sort()).toEqual([
      'gewählt.png',
      'gezogen.png',
      'image.png',
    ])
    expect(visitor.complaints).toEqual([])
  })

  it('says its limits before it is chosen, and shows how far it is while it moves', async () => {
    await page.getByText('Bis zu 5 Dateien').waitFor()
    const hurry = await slowDown(2 * megabyte)
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: log(6 * megabyte) })
    const seen = new Set<number>()
    await until(async () => {
      seen.add(await share().catch(() => 1))
      return seen.size > 4
    }, 'progress has been seen to move')
    const shares = [...seen]
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(await findBarriers(page)).toEqual([])
    await hurry()
    await arrives('spiel.log')
  })

  it('that is taken back while it moves is gone from the relay too', async () => {
    const seen = pieces()
    const hurry = await slowDown(megabyte)
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: log(8 * megabyte) })
    await until(async () => (await share().catch(() => 0)) > 0.05, 'bytes are moving')
    const url = seen[0]?.url() ?? ''
    const authorization = (await seen[0]?.allHeaders())?.authorization ?? ''
    const state = async () =>
      (await fetch(url, { method: 'HEAD', headers: { authorization, 'tus-resumable': '1.0.0' } })).status
    const onDisk = () =>
      readdirSync(join(relay.folder, 'files'), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.includes(url.split('/').pop() ?? url),
      )
    expect(onDisk()).not.toEqual([])
    await remove('spiel.log').click()
    await hurry()
    await until(async () => (await state()) === 404, 'the relay knows it no more')
    await until(() => onDisk().length === 0, 'no byte of it is left')
    expect(await page.getByText('spiel.log').count()).toBe(0)
  })

  it('goes on after a reload from where it was, and arrives byte for byte', async () => {
    const sent = log(10 * megabyte)
    const hurry = await slowDown(3 * megabyte)
    await write(page, { message: 'Mit Protokoll' })
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: sent })
    await until(async () => (await share().catch(() => 0)) > 0.5, 'half of it has gone')
    await page.reload()
    const seen = pieces()
    await button(page, de.getHelp).click()
    const first = await until(() => seen[0], 'it moves again')
    expect(Number((await first.allHeaders())['upload-offset'])).toBeGreaterThan(megabyte)
    await hurry()
    await arrives('spiel.log')
    await sendTicket(page)
    expect((await bytesAtDesk()).equals(sent)).toBe(true)
    expect((await atDesk()).files).toHaveLength(1)
  })

  it('arrives byte for byte though the tab is closed on it again and again', async () => {
    const sent = log(20 * megabyte)
    await write(page, { message: 'Mit Protokoll' })
    await slowDown(4 * megabyte)
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: sent })
    const offsets: number[] = []
    for (const upTo of [0.1, 0.3, 0.5, 0.7]) {
      await until(async () => (await share().catch(() => 0)) > upTo, 'bytes are moving')
      await page.close()
      page = await visitor.context.newPage()
      const seen = pieces()
      await slowDown(4 * megabyte)
      await page.goto(`${relay.url}/?game=star-harbor`)
      await button(page, de.getHelp).click()
      const first = await until(() => seen[0], 'it moves again')
      offsets.push(Number(first.headers()['upload-offset']))
    }
    expect(offsets[0]).toBeGreaterThan(0)
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    await arrives('spiel.log')
    await sendTicket(page)
    expect((await bytesAtDesk()).equals(sent)).toBe(true)
  })

  it('is not sent twice by two tabs, and goes on in the second when the first is closed', async () => {
    const sent = log(20 * megabyte)
    await write(page, { message: 'Zwei Fenster' })
    await slowDown(4 * megabyte)
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: sent })
    await until(async () => (await share().catch(() => 0)) > 0.1, 'bytes are moving')
    const first = page
    page = await visitor.context.newPage()
    const seen = pieces()
    await page.goto(`${relay.url}/?game=star-harbor`)
    await button(page, de.getHelp).click()
    await page.getByRole('textbox', { name: de.message }).waitFor()
    expect(await page.getByText('spiel.log').count()).toBe(0)
    expect(seen).toEqual([])
    await first.close()
    await arrives('spiel.log')
    await sendTicket(page)
    expect((await bytesAtDesk()).equals(sent)).toBe(true)
    expect((await atDesk()).files).toHaveLength(1)
  })

  it('that had arrived before a reload still goes with the message', async () => {
    await write(page, { message: 'Mit Protokoll' })
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: log(1600) })
    await arrives('spiel.log')
    await page.reload()
    const seen = pieces()
    await button(page, de.getHelp).click()
    await arrives('spiel.log')
    await sendTicket(page)
    expect((await bytesAtDesk()).equals(log(1600))).toBe(true)
    expect(seen).toEqual([])
  })

  it('goes on by itself when the line was lost on its way', async () => {
    const sent = log(8 * megabyte)
    const hurry = await slowDown(2 * megabyte)
    await write(page, { message: 'Im Tunnel' })
    await pick({ name: 'spiel.log', mimeType: 'text/plain', buffer: sent })
    await until(async () => (await share().catch(() => 0)) > 0.3, 'bytes are moving')
    await hurry()
    await visitor.context.setOffline(true)
    await page.getByText(de.fileFailed).waitFor()
    const seen = pieces()
    await visitor.context.setOffline(false)
    await arrives('spiel.log')
    expect(Number((await seen[0]?.allHeaders())?.['upload-offset'])).toBeGreaterThan(0)
    await sendTicket(page)
    expect((await bytesAtDesk()).equals(sent)).toBe(true)
  })

  it('that is not what it says is refused with the reason, and holds the message until the player has decided', async () => {
    await write(page, { message: 'Schau dir das an' })
    const program = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(300), Buffer.from('PE\0\0')])
    await pick({ name: 'bild.png', mimeType: 'image/png', buffer: program })
    await page.getByText(/^Abgelehnt/).waitFor()
    await button(page, de.send).click()
    await page.getByText(de.filesRemove).waitFor()
    expect(await relay.desk.list()).toEqual([])
    await remove('bild.png').click()
    await sendTicket(page)
    expect((await atDesk()).files).toEqual([])
  })
})
