/** The main job in a real browser over every vendor's simulator; nothing private at the vendor reaches the browser. */
import { afterAll, afterEach, expect, it } from 'vitest'
import { readBrowserFiles } from '../../server/http/static-files.ts'
import { de } from '../../widget/words/de.ts'
import { startRelay, type TestRelay } from '../fixtures/relay.ts'
import { until } from '../fixtures/wait.ts'
import { canaryPrefix, type VendorSimulator } from '../simulators/simulator.ts'
import { type SimulatorName, simulatorNames, simulators } from '../simulators/simulators.ts'
import { closeBrowser, type Visit, visit } from './browser.ts'
import { askForErasure, button, close, reopen, said, seesDelivery, sendTicket, write } from './player.ts'

const hookSecret = 'the-hook-secret-of-the-tests'
const browserFiles = readBrowserFiles('dist/widget')

let simulator: VendorSimulator
let relay: TestRelay
let visitor: Visit
let ahead: number
/** Every answer the browser got that comes to an end. */
let answers: Promise<string>[]

async function begin(name: SimulatorName): Promise<void> {
  simulator = await simulators[name]()
  ahead = 0
  const clock = { now: () => new Date(Date.now() + ahead) }
  relay = await startRelay({ browserFiles, clock, game: { hookSecret, vendor: simulator.config } })
  answers = []
  visitor = await visit('about:blank', { locale: 'de' })
  visitor.page.on('response', (response) => {
    // A stream never ends; what it says stands on the page.
    const isStream = response.headers()['content-type']?.startsWith('text/event-stream')
    if (!isStream) answers.push(response.text().catch(() => ''))
  })
  await visitor.page.goto(`${relay.url}/?game=star-harbor`)
}

afterEach(async () => {
  await visitor.context.close()
  await relay.close()
  await simulator.close()
})

afterAll(closeBrowser)

const found = (number: string) => simulator.tickets().filter(({ lines }) => lines.some((line) => line.includes(number)))
const has = (number: string, text: string) => until(() => found(number).find(({ lines }) => lines.includes(text)), text)

/** What the vendor's own automation does; elsewhere the relay looks for itself, after a time, while the player looks on. */
async function callHook(vendorTicketId: string): Promise<void> {
  const body = simulator.hookOf?.(vendorTicketId)
  if (!body) ahead += 11_000
  else await fetch(`${relay.url}/hooks/star-harbor/${hookSecret}`, { method: 'POST', body })
}

/** Once sent it stands there once, whichever way the page heard of it first. */
async function writeOn(text: string): Promise<void> {
  const { page } = visitor
  await page.getByRole('textbox', { name: de.write }).fill(text)
  await button(page, de.send).click()
  await said(page, text).first().waitFor()
  await until(async () => (await said(page, text).count()) === 1, `“${text}” stands there once`)
}

it.each(simulatorNames)(
  'over %s a player opens, is answered, writes on, closes, reopens and asks for erasure',
  async (name) => {
    await begin(name)
    const { page, complaints } = visitor
    const { can } = relay.relay.games.get('star-harbor') ?? { can: undefined }
    if (!can) throw new Error('the game is not served')

    await button(page, de.getHelp).click()
    await write(page, { message: 'Mein Schwert ist weg', file: can.attachments !== false })
    if (can.answers === 'email') await page.getByRole('textbox', { name: de.email }).fill('ada@players.example')
    const number = await sendTicket(page)
    const { vendorTicketId, lines, files } = await has(number, 'Mein Schwert ist weg')
    expect(lines.some((line) => /\bde\b/.test(line))).toBe(true)
    expect(files.length > 0 || lines.some((line) => line.includes('schwert.png'))).toBe(true)
    await seesDelivery(page, de.deliveryDelivered)

    simulator.agentNotes(vendorTicketId, `${canaryPrefix}a-known-cheater`)
    simulator.agentAnswers(vendorTicketId, 'Wir haben es gefunden')
    await callHook(vendorTicketId)
    if (can.answers === 'thread') await said(page, 'Wir haben es gefunden').waitFor()

    await writeOn('Danke')
    await has(number, 'Danke')
    if (can.close) {
      await close(page)
      await until(() => found(number).every(({ closed }) => closed), 'the vendor has it closed')
      await reopen(page)
      await writeOn('Es ist wieder weg')
      expect((await has(number, 'Es ist wieder weg')).closed).toBe(false)
    }
    await askForErasure(page)

    expect(complaints).toEqual([])
    expect(simulator.violations).toEqual([])
    const seen = [...(await Promise.all(answers)), await page.content()].join('\n')
    expect(seen).toContain('Mein Schwert ist weg')
    expect(seen).not.toContain(canaryPrefix)
  },
)
