/** Pictures between a player and an agent: what a photo tells, and how an answer's picture is seen. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, findBarriers, type HostPage, startHostPage, type Visit, visit } from './browser.ts'
import { fileAtDesk, ticketAtDesk } from './desk-files.ts'
import { lookAt, place, takePhoto } from './photo.ts'
import { button, said, screenshot, sendTicket, write } from './player.ts'

let host: HostPage & { embed: (relayUrl: string, game: string) => void }
let relay: TestRelay
let visitor: Visit
let page: Page

beforeAll(async () => {
  host = await startHostPage()
})

beforeEach(async () => {
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game: { origins: [host.url] } })
  host.embed(relay.url, 'star-harbor')
  visitor = await visit(`${relay.url}/?game=star-harbor`, { locale: 'de' })
  page = visitor.page
  await button(page, de.getHelp).click()
  await page.getByText('Something is broken').waitFor()
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
})

afterAll(async () => {
  await closeBrowser()
  await host.close()
})

interface Given {
  name: string
  mimeType: string
  buffer: Buffer
}

const pick = (given: Given, from: Page) => from.locator('input[type=file]').first().setInputFiles(given)

describe('A photo', () => {
  const chosen = async () => ({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: await takePhoto(page) })

  it('reaches the agent upright and without the place it was taken at', async () => {
    const photo = await chosen()
    expect(photo.buffer.includes(place)).toBe(true)
    await write(page, { message: 'Mein Bildschirm' })
    await pick(photo, page)
    await page.getByText(de.fileLightened).waitFor()
    await sendTicket(page)
    const arrived = await fileAtDesk(relay)
    expect(arrived.includes(place)).toBe(false)
    expect(arrived.includes('Exif')).toBe(false)
    expect(await looksRight(arrived)).toBe(true)
    expect((await ticketAtDesk(relay)).files[0]).toMatchObject({ file_name: 'IMG_1.jpg', file_type: 'image/jpeg' })
  })

  it('is sent as it was taken when the player asks for it', async () => {
    const photo = await chosen()
    await write(page, { message: 'Mit Ort' })
    await pick(photo, page)
    await button(page, de.sendOriginal).click()
    await page.getByText(de.fileLightened).waitFor({ state: 'detached' })
    await sendTicket(page)
    expect((await fileAtDesk(relay)).equals(photo.buffer)).toBe(true)
    expect((await ticketAtDesk(relay)).files).toHaveLength(1)
  })

  it('loses its place on a page that lets nothing in but its own relay', async () => {
    const strict = await visit(host.url, { locale: 'de' })
    try {
      await button(strict.page, de.launcher).click()
      await button(strict.page, de.getHelp).click()
      await write(strict.page, { message: 'Von der Seite des Spiels' })
      await pick(await chosen(), strict.page)
      await strict.page.getByText(de.fileLightened).waitFor()
      await sendTicket(strict.page)
      expect((await fileAtDesk(relay)).includes(place)).toBe(false)
      expect(strict.complaints).toEqual([])
    } finally {
      await strict.context.close()
    }
  })

  const looksRight = async (bytes: Buffer) => {
    const { width, height, upper, lower } = await lookAt(page, bytes)
    const [red = 0, , blueAbove = 255] = upper
    const [redBelow = 255, , blue = 0] = lower
    return width === 40 && height === 60 && red > 200 && blueAbove < 60 && blue > 200 && redBelow < 60
  }
})

it('The agent’s picture stands in the conversation, and is saved by pressing it', async () => {
  await write(page, { message: 'Wo ist mein Schwert?' })
  await sendTicket(page)
  const { id } = (await ticketAtDesk(relay)).ticket
  await relay.desk.answer(id, 'Hier', new File([screenshot], 'beweis.png', { type: 'image/png' }))
  await said(page, 'Hier').waitFor()
  const picture = page.getByRole('log').locator('img')
  await picture.waitFor()
  expect(await picture.getAttribute('src')).toMatch(/^blob:/)
  await until(
    () => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth === 1),
    'the picture has been drawn',
  )
  expect(await findBarriers(page)).toEqual([])
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'beweis.png').click()])
  expect(download.suggestedFilename()).toBe('beweis.png')
  expect(visitor.complaints).toEqual([])
})
