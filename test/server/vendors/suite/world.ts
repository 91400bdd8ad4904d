/**
 * What every vendor does in a world that is late, forgetful and poisoned: an adapter may say that it cannot tell, but it
 * never says of what is there that it is not, and never takes something else for it.
 */
import { randomUUID } from 'node:crypto'
import { expect, it, type TestContext } from 'vitest'
import { type Opening, type Reply, VendorError } from '../../../../server/vendors/vendor.ts'
import { until } from '../../../fixtures/wait.ts'
import { type Poison, poisons, type Silence, silences, views } from '../../../simulators/world.ts'
import { ada, call, codeOf, having, openingOf, openOne, type RelayFixture, refOf, seen } from './parts.ts'

const codesOf: Record<Poison, string> = {
  error: 'unreachable',
  forbidden: 'misconfigured',
  refuse: 'refused',
  hang: 'unreachable',
  html: 'unexpected',
  taken: 'unreachable',
}

/** Longer than anybody waits for an answer. */
const lateMs = 17_000

export function replyOf(id: string, changes: Partial<Reply> = {}): Reply {
  const defaults = { mark: randomUUID(), message: 'Noch da?', sentAt: new Date(), files: [] }
  return { ...refOf(id), ...defaults, ...changes }
}

export function linesWith({ simulator }: RelayFixture, text: string): string[] {
  return simulator.tickets().flatMap(({ lines }) => lines.filter((line) => line.includes(text)))
}

/** How many tickets hold the text: a ticket's first words may stand on it twice. */
export function holding({ simulator }: RelayFixture, text: string): string[] {
  const found = simulator.tickets().filter(({ lines }) => lines.some((line) => line.includes(text)))
  return found.map(({ vendorTicketId }) => vendorTicketId)
}

export function worldSuite(fixture: () => RelayFixture): void {
  const open = async (opening: Opening) => (await fixture().vendor.open(opening, call())).vendorTicketId

  function need(context: TestContext, has: unknown): void {
    context.skip(!has, 'the vendor has no such operation, and says so in can')
  }

  /** Its caller leaves as soon as the vendor has the request. @returns what the caller is told */
  async function leaving(make: (signal: AbortSignal) => Promise<unknown> | undefined, has: () => boolean) {
    const caller = new AbortController()
    const code = codeOf(make(caller.signal))
    await until(has, 'the vendor has the request')
    caller.abort()
    return code
  }

  const isPending = () => fixture().simulator.world.pending() > 0

  it.each(silences)('knows an opening that is carried out late, and nothing else, for it: %s', async (caller) => {
    const { vendor, simulator } = fixture()
    const opening = openingOf()
    await openOne(fixture())
    simulator.world.commitLate({ call: simulator.calls.open, afterMs: lateMs, caller })
    expect(await leaving((signal) => vendor.open(opening, signal), isPending)).toBe('unreachable')
    if (vendor.findOpened) expect(await vendor.findOpened(opening, call())).toBeUndefined()
    await simulator.pass(lateMs)
    const [made, ...more] = holding(fixture(), opening.mark)
    expect(more).toEqual([])
    if (vendor.findOpened) {
      expect((await vendor.findOpened(opening, call()))?.vendorTicketId).toBe(made)
      expect(await vendor.findOpened(openingOf(), call())).toBeUndefined()
    }
    if (vendor.once.open === 'vendor') expect(await open(opening)).toBe(made)
    expect(holding(fixture(), opening.mark)).toEqual([made])
  })

  it('opens once where the vendor keeps it single, though the first request is carried out after the second', async (context) => {
    const { vendor, simulator } = fixture()
    need(context, vendor.once.open === 'vendor')
    const opening = openingOf()
    simulator.world.commitLate({ call: simulator.calls.open, afterMs: lateMs })
    await leaving((signal) => vendor.open(opening, signal), isPending)
    const made = await open(opening)
    await simulator.pass(lateMs)
    expect(holding(fixture(), opening.mark)).toEqual([made])
  })

  it.each(silences)('knows a reply that is carried out late, and nothing else, for it: %s', async (caller: Silence) => {
    const { vendor, simulator } = fixture()
    const { reply: name } = simulator.calls
    if (!vendor.reply || !name) return
    const id = await openOne(fixture())
    await vendor.reply(replyOf(id), call())
    const late = replyOf(id, { message: 'Spät, aber doch.' })
    simulator.world.commitLate({ call: name, afterMs: lateMs, caller })
    expect(await leaving((signal) => vendor.reply?.(late, signal), isPending)).toBe('unreachable')
    if (vendor.findReplied) expect(await vendor.findReplied(late, call())).toBeUndefined()
    await simulator.pass(lateMs)
    if (vendor.findReplied) {
      expect(await vendor.findReplied(late, call())).toBeDefined()
      expect(await vendor.findReplied(replyOf(id), call())).toBeUndefined()
    }
    expect(linesWith(fixture(), 'Spät, aber doch.')).toHaveLength(1)
  })

  it.each(views)('finds what it opened once the vendor’s %s shows it, and nothing else before', async (view) => {
    const { vendor, simulator } = fixture()
    if (!vendor.findOpened) return
    await openOne(fixture())
    const opening = openingOf()
    const setBack = simulator.world.showLate(view, lateMs)
    const id = await open(opening)
    const before = await sure(vendor.findOpened(opening, call()))
    expect([undefined, id]).toContain(before?.vendorTicketId)
    await simulator.pass(lateMs)
    expect((await vendor.findOpened(opening, call()))?.vendorTicketId).toBe(id)
    setBack()
    expect((await vendor.findOpened(opening, call()))?.vendorTicketId).toBe(id)
  })

  it.each(poisons)('fails on one message alone, as agreed, however often it is tried: %s', async (how) => {
    const { vendor, simulator } = fixture()
    const bad = openingOf({ message: 'Gift und Galle.' })
    simulator.world.poison('Gift und Galle.', how)
    const seenTimes = () => simulator.received.filter(({ body }) => JSON.stringify(body ?? '').includes('Gift')).length
    for (let time = 0; time < 2; time += 1) {
      const before = seenTimes()
      const make = (signal: AbortSignal) => vendor.open(bad, signal)
      const code = how === 'hang' ? leaving(make, () => seenTimes() > before) : codeOf(make(call()))
      expect(await code).toBe(codesOf[how])
      expect(await open(openingOf({ message: `Daneben ${time}.` }))).toBeTypeOf('string')
    }
    if (how !== 'taken') expect(linesWith(fixture(), 'Gift und Galle.')).toEqual([])
    expect(holding(fixture(), 'Daneben 1.')).toHaveLength(1)
  })

  it.each(poisons)('fails on one reply alone, as agreed, and takes the next on the same ticket: %s', async (how) => {
    const { vendor, simulator } = fixture()
    if (!vendor.reply) return
    const id = await openOne(fixture())
    const bad = replyOf(id, { message: 'Gift und Galle.' })
    simulator.world.poison('Gift und Galle.', how)
    const has = () => simulator.received.some(({ body }) => JSON.stringify(body ?? '').includes('Gift'))
    const make = (signal: AbortSignal) => vendor.reply?.(bad, signal)
    expect(await (how === 'hang' ? leaving(make, has) : codeOf(make(call())))).toBe(codesOf[how])
    await having(vendor.reply)(replyOf(id, { message: 'Daneben.' }), call())
    expect(seen(fixture(), id).lines.filter((line) => line.includes('Daneben.'))).toHaveLength(1)
    const setRight = vendor.findReplied && (await vendor.findReplied(bad, call()))
    if (vendor.findReplied) expect(setRight !== undefined).toBe(how === 'taken')
  })

  it('knows one of the two that a repeated request has made, and their mark on each', async () => {
    const { vendor, simulator } = fixture()
    const opening = openingOf()
    simulator.world.repeat(simulator.calls.open)
    const id = await open(opening)
    const copies = holding(fixture(), opening.mark)
    expect(copies).toContain(id)
    if (vendor.once.open === 'vendor') expect(copies).toEqual([id])
    const found = vendor.findOpened && (await vendor.findOpened(opening, call()))
    if (vendor.findOpened) expect(copies).toContain(found?.vendorTicketId)
  })

  it('shows the mark on both copies of a reply that the vendor has taken twice', async () => {
    const { vendor, simulator } = fixture()
    const { reply: name } = simulator.calls
    if (!vendor.reply || !name) return
    const id = await openOne(fixture())
    const twice = replyOf(id, { message: 'Doppelt.' })
    simulator.world.repeat(name)
    await vendor.reply(twice, call())
    if (vendor.can.answers !== 'thread') return
    const { messages } = await having(vendor.read)(refOf(id), call())
    const copies = messages.filter(({ text }) => text === 'Doppelt.')
    expect(copies).toHaveLength(linesWith(fixture(), 'Doppelt.').length)
    expect(copies.length).toBeGreaterThan(0)
    for (const { mark } of copies) expect(mark).toBe(twice.mark)
  })

  it.each([
    { order: 'oldest', cap: 4 },
    { order: 'any', cap: 3 },
    { order: 'newest', cap: 2 },
  ] as const)('finds, lists and reads whatever the order and the page: $order, $cap', async (how) => {
    const { vendor, simulator } = fixture()
    const openings = Array.from({ length: 6 }, (_, index) => openingOf({ message: `Frage ${index}` }))
    const ids: string[] = []
    for (const opening of openings) ids.push(await open(opening))
    simulator.world.list(how)
    for (const [index, opening] of openings.entries()) {
      const found = vendor.findOpened && (await vendor.findOpened(opening, call()))
      if (vendor.findOpened) expect(found?.vendorTicketId).toBe(ids[index])
    }
    if (vendor.list) expect((await everyListed(fixture())).toSorted()).toEqual(ids.toSorted())
    await converse(fixture(), ids[0] ?? '')
  })
}

/** What a look brought, or undefined where it could not tell for now: the relay then looks again. */
export async function sure<T>(look: Promise<T>): Promise<T | undefined> {
  return look.catch((error: unknown) => {
    if (error instanceof VendorError && ['unexpected', 'unreachable', 'busy'].includes(error.code)) return undefined
    throw error
  })
}

/** All that is listed, page by page. */
async function everyListed({ vendor }: RelayFixture): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await having(vendor.list)(ada, cursor, call())
    ids.push(...page.tickets.map(({ vendorTicketId }) => vendorTicketId))
    cursor = page.cursor
  } while (cursor !== undefined)
  return ids
}

/** A talk with time between its messages, read in the order it was held. */
async function converse({ vendor, simulator }: RelayFixture, id: string): Promise<void> {
  if (vendor.can.answers !== 'thread') return
  const said: string[] = ['Frage 0']
  for (const text of ['Erstens.', 'Zweitens.', 'Drittens.']) {
    await simulator.pass(1_500)
    if (vendor.reply) await vendor.reply(replyOf(id, { message: `Dazu: ${text}` }), call())
    await simulator.pass(1_500)
    simulator.agentAnswers(id, text)
    said.push(...(vendor.reply ? [`Dazu: ${text}`] : []), text)
  }
  const { messages } = await having(vendor.read)(refOf(id), call())
  expect(messages.map(({ text }) => text)).toEqual(said)
}
