/** What a player does with the widget, in German, by what they see and hear: names and roles, never classes. */
import type { Locator, Page } from 'playwright-core'
import { de } from '../../widget/words/de.ts'

/** One red pixel. */
export const screenshot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name })
}

/** A message in the conversation; the list of tickets may show it too. */
export function said(page: Page, text: string): Locator {
  return page.getByRole('log').getByText(text, { exact: true })
}

export interface Written {
  message: string
  /** As the form names it. */
  category?: string
  file?: boolean
}

/** Fills the form, without sending it. */
export async function write(
  page: Page,
  { message, category = 'Something is broken', file = false }: Written,
): Promise<void> {
  await page.getByText(category, { exact: true }).click()
  await page.getByRole('textbox', { name: de.message }).fill(message)
  if (!file) return
  const chosen = { name: 'schwert.png', mimeType: 'image/png', buffer: screenshot }
  await page.locator('input[type=file]').first().setInputFiles(chosen)
  await page.getByText('schwert.png').first().waitFor()
}

/** Resolves with the number the player is told. */
export async function sendTicket(page: Page): Promise<string> {
  await button(page, de.send).click()
  const result = page.getByText(de.received.split('{')[0] ?? '').first()
  await result.waitFor()
  const number = /[A-Z0-9]+-[2-9A-Z]{5}/.exec((await result.textContent()) ?? '')?.[0]
  if (!number) throw new Error('the result names no ticket')
  return number
}

/** Writes a ticket and sends it. Resolves with its number. */
export async function openTicket(page: Page, written: Written): Promise<string> {
  await button(page, de.getHelp).click()
  await write(page, written)
  return sendTicket(page)
}

/** Waits until the newest message's delivery is told in these words. */
export async function seesDelivery(page: Page, words: string): Promise<void> {
  await page.getByText(words, { exact: true }).last().waitFor()
}

export async function reply(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: de.write }).fill(text)
  await button(page, de.send).click()
  await said(page, text).waitFor()
}

export async function close(page: Page): Promise<void> {
  await button(page, de.solved).click()
  await page.getByText(de.isClosed).waitFor()
}

export async function reopen(page: Page): Promise<void> {
  await button(page, de.stillNotSolved).click()
  await page.getByRole('textbox', { name: de.write }).waitFor()
}

/** Asks for everything to be erased, from wherever the player is. */
export async function askForErasure(page: Page): Promise<void> {
  // German has it in the name of another button, too.
  const back = page.getByRole('button', { name: de.back, exact: true })
  if (await back.isVisible()) await back.click()
  await button(page, de.privacy).click()
  await page.getByText(de.eraseSure).click()
  await button(page, de.eraseAsk).click()
  await page.getByText(de.stepAsked).waitFor()
  await button(page, de.withdraw).waitFor()
}

/** The text of what has the keyboard, through shadow roots. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    return `${element?.getAttribute('aria-label') ?? ''} ${element?.textContent?.trim() ?? ''}`
  })
}
