/**
 * What a simulator says though its vendor's document does not print it, each by itself under another name. A studio that
 * tells the relay of it misses nothing; without that, what is said is true, what is there is not called gone, and that
 * something did not fit is counted.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { VendorConfig } from '../../../server/vendors/registry.ts'
import { VendorError } from '../../../server/vendors/vendor.ts'
import { vendorOf } from '../../fixtures/vendor-of.ts'
import { inventions as i3d } from '../../simulators/i3d/shapes.ts'
import type { Invention, Naming } from '../../simulators/inventions.ts'
import { type SimulatorName, simulators } from '../../simulators/simulators.ts'
import { inventions as thena } from '../../simulators/thena/shapes.ts'
import { inventions as theymes } from '../../simulators/theymes/state.ts'
import { inventions as threada } from '../../simulators/threada/state.ts'
import { inventions as zaia } from '../../simulators/zaia/state.ts'
import {
  ada,
  call,
  fileOf,
  having,
  openingOf,
  openOne,
  type RelayFixture,
  refOf,
  seen,
  startVendorRelay,
} from './suite/parts.ts'
import { holding, linesWith, replyOf } from './suite/world.ts'
import { outcomeOf } from './suite/world-rows.ts'

const tables: readonly [SimulatorName, Record<string, Invention>][] = [
  ['theymes', theymes],
  ['zaia', zaia],
  ['thena', thena],
  ['threada-private', threada],
  ['i3d', i3d],
]

const bytes = new TextEncoder().encode('a picture')

async function begin(name: SimulatorName, naming: Naming): Promise<RelayFixture> {
  const fixture = await startVendorRelay(async (parts) => {
    const simulator = await simulators[name](naming)
    return { simulator, vendor: vendorOf(VendorConfig.parse(simulator.config), parts) }
  })
  onTestFinished(fixture.end)
  return fixture
}

describe.each(tables)('What the document of %s does not print', (name, table) => {
  const cases = Object.entries(table)
  const guessed = cases.filter(([, { byStudio }]) => !byStudio)

  it.each(cases)('may be otherwise where the relay is told, or need not be: %s', async (invention, { other }) => {
    const fixture = await begin(name, { names: { [invention]: other } })
    await talk(fixture)
    expect(fixture.simulator.violations).toEqual([])
  })

  it.each(guessed)('may be otherwise and nobody knows, which makes nothing untrue: %s', async (invention, naming) => {
    const fixture = await begin(name, { names: { [invention]: naming.other }, told: false })
    const opened = await opens(fixture, naming)
    if (opened) await staysTrue(fixture, opened)
  })
})

/** Everything a player does, and that it was done. */
async function talk(fixture: RelayFixture): Promise<void> {
  const { vendor, simulator } = fixture
  const opening = openingOf({ message: 'Frage.' })
  const { vendorTicketId: id } = await vendor.open(opening, call())
  expect(linesWith(fixture, 'Frage.').length).toBeGreaterThan(0)
  await withFile(fixture)
  if (vendor.findOpened) expect((await vendor.findOpened(opening, call()))?.vendorTicketId).toBe(id)
  await simulator.pass(1_500)
  if (vendor.reply) await vendor.reply(replyOf(id, { message: 'Noch eine.' }), call())
  await simulator.pass(1_500)
  simulator.agentNotes(id, 'Unter uns.')
  simulator.agentAnswers(id, 'Antwort.')
  await isRead(fixture, id)
  if (vendor.list) expect((await vendor.list(ada, undefined, call())).tickets.map(idOf)).toContain(id)
  await vendor.close?.(refOf(id), call())
  if (vendor.close) await isClosed(fixture, id)
  await vendor.reopen?.(refOf(id), call())
  if (vendor.reopen) expect(seen(fixture, id).closed).toBe(false)
  await vendor.forget?.(ada, [refOf(id).vendorTicketId], call())
  if (vendor.forget) expect(simulator.forgotten?.()).toEqual([ada.id])
}

const idOf = ({ vendorTicketId }: { vendorTicketId: string }) => vendorTicketId

async function isRead({ vendor }: RelayFixture, id: string): Promise<void> {
  if (vendor.can.answers !== 'thread') return
  const { status, messages } = await having(vendor.read)(refOf(id), call())
  const replied = vendor.reply ? ['player: Noch eine.'] : []
  expect(messages.map(({ author, text }) => `${author}: ${text}`)).toEqual([
    'player: Frage.',
    ...replied,
    'agent: Antwort.',
  ])
  expect(status).toBe('answered')
}

async function isClosed(fixture: RelayFixture, id: string): Promise<void> {
  expect(seen(fixture, id).closed).toBe(true)
  if (fixture.vendor.can.answers !== 'thread') return
  expect((await having(fixture.vendor.read)(refOf(id), call())).status).toBe('closed')
}

/** An agent gets at a file of the player's, by whatever way. */
async function withFile(fixture: RelayFixture): Promise<void> {
  if (!fixture.vendor.can.attachments) return
  const file = fileOf(bytes)
  const id = await openOne(fixture, { message: 'Siehe Bild.', files: [file] })
  const { files, lines } = seen(fixture, id)
  const isThere = files.some((one) => Buffer.from(one.bytes).equals(bytes))
  expect(isThere || lines.some((line) => line.includes(file.link))).toBe(true)
}

/** @returns undefined where nothing can be opened without what the adapter does not know, and it says so */
async function opens(fixture: RelayFixture, { opensWith = false }: Invention) {
  const opening = openingOf({ message: 'Frage.', mark: randomUUID() })
  const opened = await fixture.vendor.open(opening, call()).catch((error: unknown) => {
    if (opensWith && error instanceof VendorError) return undefined
    throw error
  })
  if (!opened) return undefined
  expect(holding(fixture, opening.mark)).toEqual([opened.vendorTicketId])
  await withFile(fixture)
  return { opening, id: opened.vendorTicketId }
}

async function staysTrue(fixture: RelayFixture, { opening, id }: NonNullable<Awaited<ReturnType<typeof opens>>>) {
  const { vendor, simulator } = fixture
  fixture.simulator.agentNotes(id, 'Unter uns.')
  await simulator.pass(1_500)
  simulator.agentAnswers(id, 'Antwort.')
  const found = vendor.findOpened && (await told(vendor.findOpened(opening, call())))
  if (found) expect(found.value?.vendorTicketId).toBe(id)
  const reply = replyOf(id, { message: 'Noch eine.' })
  if (vendor.reply && (await told(vendor.reply(reply, call())))) {
    expect(linesWith(fixture, 'Noch eine.')).toHaveLength(1)
    const again = vendor.findReplied && (await told(vendor.findReplied(reply, call())))
    if (again) expect(again.value).toBeDefined()
  }
  await readsTruly(fixture, id)
  if (vendor.close) await closesTruly(fixture, vendor.close(refOf(id), call()), id)
  if (vendor.reopen && (await told(vendor.reopen(refOf(id), call())))) expect(seen(fixture, id).closed).toBe(false)
}

/** What is shown was said, by whom it was said; what is not shown is counted. */
async function readsTruly(fixture: RelayFixture, id: string): Promise<void> {
  if (!fixture.vendor.read || fixture.vendor.can.answers !== 'thread') return
  fixture.drift.length = 0
  fixture.hidden.length = 0
  const conversation = await told(fixture.vendor.read(refOf(id), call()))
  const all = ['player: Frage.', 'player: Noch eine.', 'agent: Antwort.'].filter(
    (line) => linesWith(fixture, line.replace(/^\w+: /, '')).length > 0,
  )
  const shown = conversation?.value.messages.map(({ author, text }) => `${author}: ${text}`) ?? []
  expect(all).toEqual(expect.arrayContaining(shown))
  if (shown.length < all.length) expect([...fixture.drift, ...fixture.hidden]).not.toEqual([])
}

/** Of what is said to be missing nobody asks again, for it was removed there and needs no closing. */
async function closesTruly(fixture: RelayFixture, closing: Promise<void>, id: string): Promise<void> {
  const outcome = await outcomeOf(closing)
  if ('code' in outcome) expect(outcome.code).not.toBe('missing')
  else expect(seen(fixture, id).closed).toBe(true)
}

/** What a call brought, or undefined where it failed as a vendor's call may. */
async function told<T>(attempt: Promise<T>): Promise<{ value: T } | undefined> {
  return attempt.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (error instanceof VendorError) return undefined
      throw error
    },
  )
}
