/** The worst bug of this field: the next player on the same device reads the last one's tickets. */
import { SignJWT } from 'jose'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
// For the global that the script tag makes.
import type {} from '../../widget/embed.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { closeBrowser, type HostPage, startHostPage, type Visit, visit } from './browser.ts'
import { button, openTicket } from './player.ts'
import { everythingRemembered, everythingShown, everythingStored } from './traces.ts'

const secret = 'a shared secret of the tests, long enough for HS256'
const canary = 'Geheimnis-der-ersten'

let host: HostPage & { embed: (relayUrl: string, game: string) => void }
let relay: TestRelay
let visitor: Visit

beforeEach(async () => {
  host = await startHostPage()
  const game = { origins: [host.url], players: { jwt: { secret } } }
  relay = await startRelay({ browserFiles: readBrowserFiles('dist/widget'), game })
  host.embed(relay.url, 'star-harbor')
  visitor = await visit(host.url, { locale: 'de' })
})

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
  await host.close()
})

afterAll(closeBrowser)

it('after A has signed out and B signed in, no byte of A is on the page, in storage, in memory or in the first paint', async () => {
  const { page } = visitor
  await signIn(page, 'player-a')
  await button(page, de.launcher).click()
  await openTicket(page, { message: `${canary} Nachricht` })
  await page.getByRole('textbox', { name: de.write }).fill(`${canary} Entwurf`)
  // Put away and fetched out again, as a player does: the conversation is the first that the panel then draws.
  await page.evaluate(() => window.medkit?.push(['close'], ['open']))
  await page.getByRole('textbox', { name: de.write }).waitFor()
  // The same eyes see all of it as long as A is signed in.
  expect(await everythingShown(page)).toContain(canary)
  expect(await everythingStored(page)).toContain(canary)
  expect(await everythingRemembered(page, canary)).toContain(canary)

  await page.evaluate(() => window.medkit?.push(['signOut']))
  await page.getByText(canary).first().waitFor({ state: 'detached' })
  expect(await everythingStored(page)).not.toContain(canary)

  // B's own list is held back, so that whatever is painted before it comes would be seen.
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/v1/tickets*', async (route) => {
    await held
    await route.continue()
  })
  await signIn(page, 'player-b')
  await page.evaluate(() => window.medkit?.push(['open']))
  await button(page, de.getHelp).waitFor()
  expect(await everythingShown(page)).not.toContain(canary)
  release()
  await page.getByText(de.noTickets).waitFor()

  expect(await everythingShown(page)).not.toContain(canary)
  expect(await everythingStored(page)).not.toContain(canary)
  // What was on its way for A has a moment to come to its end.
  await until(async () => !(await everythingRemembered(page, canary)).includes(canary), 'nothing of A is in memory')
})

async function signIn(page: Page, subject: string): Promise<void> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setAudience('star-harbor')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(Buffer.from(secret))
  await page.waitForFunction(() => window.medkit !== undefined)
  await page.evaluate((bearer) => window.medkit?.push(['signIn', bearer]), token)
}
