/** Each field of each answer in turn removed, retyped, or null: the adapter says something true, or that it cannot tell. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { VendorConfig } from '../../../server/vendors/registry.ts'
import { VendorError } from '../../../server/vendors/vendor.ts'
import { type Change, changed, changesOf } from '../../fixtures/drift.ts'
import { vendorOf } from '../../fixtures/vendor-of.ts'
import { startI3dSimulator } from '../../simulators/i3d/simulator.ts'
import { canaryPrefix } from '../../simulators/simulator.ts'
import { type StartSimulator, simulators } from '../../simulators/simulators.ts'
import { ada, call, openingOf, type RelayFixture, refOf, startVendorRelay } from './suite/parts.ts'

/** What each operation is run on, and whether what it said is true. */
interface Operation {
  name: string
  prepare: (fixture: RelayFixture) => Promise<string>
  run: (fixture: RelayFixture, id: string) => Promise<unknown> | undefined
  isTrue: (result: unknown, fixture: RelayFixture, id: string) => void
}

const words = 'Wo ist mein Schiff?'
const answer = 'Wir suchen es.'
const opening = openingOf({ message: words, mark: randomUUID() })

async function openAndAnswer({ vendor, simulator }: RelayFixture): Promise<string> {
  const { vendorTicketId } = await vendor.open({ ...opening, mark: randomUUID() }, call())
  simulator.agentAnswers(vendorTicketId, answer)
  return vendorTicketId
}

const operations: readonly Operation[] = [
  {
    name: 'open',
    prepare: async () => '',
    run: ({ vendor }) => vendor.open(openingOf({ message: words }), call()),
    isTrue: (result, { simulator }) => {
      expect(simulator.tickets().map((ticket) => ticket.vendorTicketId)).toContain(field(result, 'vendorTicketId'))
    },
  },
  {
    name: 'read',
    prepare: openAndAnswer,
    run: ({ vendor }, id) => vendor.read?.(refOf(id), call()),
    isTrue: (result, { vendor }) => {
      expect(['open', 'answered', 'closed']).toContain(field(result, 'status'))
      const true_ = vendor.can.answers === 'thread' ? [`player ${words}`, `agent ${answer}`] : []
      for (const message of listOf(result, 'messages')) {
        expect(true_).toContain(`${field(message, 'author')} ${field(message, 'text')}`)
        expect(field(message, 'sentAt')).toSatisfy(isDate)
      }
    },
  },
  {
    name: 'list',
    prepare: openAndAnswer,
    run: ({ vendor }) => vendor.list?.(ada, undefined, call()),
    isTrue: (result, { simulator }) => {
      const known = simulator.tickets().map((ticket) => ticket.vendorTicketId)
      for (const ticket of listOf(result, 'tickets')) {
        expect(known).toContain(field(ticket, 'vendorTicketId'))
        expect(field(ticket, 'createdAt')).toSatisfy(isDate)
        expect(field(ticket, 'updatedAt')).toSatisfy(isDate)
        expect(field(ticket, 'subject')).toBeTypeOf('string')
      }
    },
  },
  {
    name: 'close',
    prepare: openAndAnswer,
    run: ({ vendor }, id) => vendor.close?.(refOf(id), call()),
    isTrue: (_, { simulator }, id) => {
      expect(simulator.tickets().find((ticket) => ticket.vendorTicketId === id)?.closed).toBe(true)
    },
  },
  {
    name: 'reply',
    prepare: openAndAnswer,
    run: ({ vendor }, id) =>
      vendor.reply?.({ ...refOf(id), mark: randomUUID(), message: words, sentAt: new Date(), files: [] }, call()),
    isTrue: (result) => {
      expect(['string', 'undefined']).toContain(typeof field(result, 'vendorMessageId'))
    },
  },
  {
    name: 'find an opening',
    prepare: async ({ vendor }) => (await vendor.open(opening, call())).vendorTicketId,
    run: ({ vendor }) => vendor.findOpened?.(opening, call()),
    // To say «not there» of what is there would send it twice.
    isTrue: (result, _, id) => expect(field(result, 'vendorTicketId')).toBe(id),
  },
]

const start: Record<string, StartSimulator> = {
  ...simulators,
  'i3d, answering bare': (options) => startI3dSimulator({ ...options, answers: 'bare' }),
}

describe.each(Object.entries(start))('The adapter for %s', (_, startSimulator) => {
  it.each(operations)('stays truthful when an answer drifts: $name', { timeout: 300_000 }, async (operation) => {
    const fixture = await startVendorRelay(async (parts) => {
      const simulator = await startSimulator()
      return { simulator, vendor: vendorOf(VendorConfig.parse(simulator.config), parts) }
    })
    onTestFinished(fixture.end)
    const id = await latest(fixture, operation)
    const before = fixture.simulator.answered.length
    const running = operation.run(fixture, id)
    if (!running) return
    operation.isTrue(await running, fixture, id)
    const changes = changesOf(fixture.simulator.answered.slice(before))
    expect(changes).not.toEqual([])
    for (const change of changes) await tryOne(fixture, operation, change)
    expect(fixture.simulator.violations).toEqual([])
    expect(fixture.said()).not.toContain(canaryPrefix)
  })
})

async function tryOne(fixture: RelayFixture, operation: Operation, change: Change): Promise<void> {
  const id = operation.name === 'close' ? await operation.prepare(fixture) : await latest(fixture, operation)
  fixture.drift.length = 0
  fixture.simulator.mutate((body, made) => (made === change.call ? changed(body, change.place, change.how) : body))
  const outcome = await Promise.resolve(operation.run(fixture, id)).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  )
  fixture.simulator.mutate(undefined)
  const told = `${change.call} ${change.place.join('.')} ${change.how}`
  if ('result' in outcome) return operation.isTrue(outcome.result, fixture, id)
  const { error } = outcome
  if (!(error instanceof VendorError)) throw new Error(`${told}: a crash`, { cause: error })
  expect(`${told}: ${error.code}`).toBe(`${told}: unexpected`)
  expect(fixture.drift, told).not.toEqual([])
}

const prepared = new WeakMap<RelayFixture, Map<string, string>>()

/** What an operation reads is prepared once: it changes nothing. */
async function latest(fixture: RelayFixture, operation: Operation): Promise<string> {
  const known = prepared.get(fixture) ?? new Map<string, string>()
  prepared.set(fixture, known)
  const id = known.get(operation.name) ?? (await operation.prepare(fixture))
  known.set(operation.name, id)
  return id
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listOf(value: unknown, name: string): unknown[] {
  const list = field(value, name)
  return Array.isArray(list) ? list : []
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
