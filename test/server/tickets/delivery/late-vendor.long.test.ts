/**
 * Vendors that carry a request out after its caller has gone, and show it later still: one copy while that takes no longer
 * than the vendor is known to take; else at most two, which is noticed, counted, named to the operator, and shown as one.
 */
import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import {
  type RelayFixture,
  startVendorRelay,
  tokenOf,
  type VendorRelayOptions,
} from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../../../simulators/simulators.ts'
import { views } from '../../../simulators/world.ts'

const ada = tokenOf('ada')
const timeoutMs = 150_000
const timeout = 400_000

async function within(
  name: SimulatorName,
  options: VendorRelayOptions,
  test: (fixture: RelayFixture) => Promise<void>,
): Promise<void> {
  const fixture = await startVendorRelay(name, { realTime: true, ...options })
  try {
    await test(fixture)
    expect(fixture.simulator.violations).toEqual([])
  } finally {
    await fixture.end()
  }
}

/** The vendor loses the answer to its next request of this call, and carries the request out so much later. */
function carryOutLate({ simulator }: RelayFixture, call: string, afterMs: number): void {
  simulator.world.commitLate({ call, afterMs, caller: 'lost-answer' })
}

function showLate({ simulator }: RelayFixture, afterMs: number): void {
  for (const view of views) simulator.world.showLate(view, afterMs)
}

const isCarriedOut = ({ simulator }: RelayFixture) =>
  until(() => simulator.world.pending() === 0, 'the vendor has carried it out', timeoutMs)

/** The call that takes a player's further words. */
const replyCall = ({ simulator }: RelayFixture) => simulator.calls.reply ?? simulator.calls.open

/** How it is kept from arriving twice; where it becomes a ticket of its own, as an opening. */
const onceOf = ({ game: { vendor, can } }: RelayFixture, what: 'open' | 'reply') =>
  vendor.once[what === 'reply' && can.reply === 'thread' ? 'reply' : 'open']

/** The vendor itself takes no second one with the same key. */
const isSingle = (fixture: RelayFixture, what: 'open' | 'reply') =>
  onceOf(fixture, what) === 'vendor' || fixture.game.vendor.kind === 'thena'

/** What is kept single by nobody may arrive twice: docs/vendors.md says so. */
const isKept = (fixture: RelayFixture, what: 'open' | 'reply') => onceOf(fixture, what) !== 'marked'

describe.concurrent.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it.concurrent.each(simulatorNames)(
    'an opening that %s carries out late and shows later still stands there once',
    { timeout },
    (name) =>
      within(name, { engine, settleSeconds: 5 }, async (fixture) => {
        carryOutLate(fixture, fixture.simulator.calls.open, 1_000)
        showLate(fixture, 1_000)
        const { id } = await fixture.open(ada, { message: 'Erst spät da.' })
        await fixture.arrived(ada, id)
        await isCarriedOut(fixture)
        const copies = fixture.copiesOf('Erst spät da.')
        expect(copies).toBeLessThanOrEqual(isKept(fixture, 'open') ? 1 : 2)
        expect(copies).toBeGreaterThan(0)
      }),
  )

  it.concurrent.each(simulatorNames)(
    'a reply that %s carries out late and shows later still stands there once',
    { timeout },
    (name) =>
      within(name, { engine, settleSeconds: 5 }, async (fixture) => {
        const { id } = await fixture.open(ada)
        await fixture.arrived(ada, id)
        carryOutLate(fixture, replyCall(fixture), 1_000)
        showLate(fixture, 1_000)
        await fixture.reply(ada, id, 'Und das noch später.')
        await fixture.arrived(ada, id)
        await isCarriedOut(fixture)
        const copies = fixture.copiesOf('Und das noch später.')
        expect(copies).toBeLessThanOrEqual(isKept(fixture, 'reply') ? 1 : 2)
        expect(copies).toBeGreaterThan(0)
      }),
  )
})

/** When the relay has long sent it again: the vendor's time is the test's to move. */
const muchLaterMs = 600_000

/** The relay looks for what may yet come to light after minutes. */
const minutesMs = 310_000

/** Two copies at the vendor are one to the player, and no secret to the operator. */
async function isNoticed(
  fixture: RelayFixture,
  ticket: Conversation,
  words: string,
  what: 'open' | 'reply',
): Promise<void> {
  expect(fixture.copiesOf(words)).toBe(1)
  await fixture.simulator.pass(muchLaterMs)
  expect(fixture.copiesOf(words)).toBe(isSingle(fixture, what) ? 1 : 2)
  if (!isSingle(fixture, what) && isKept(fixture, what)) {
    fixture.pass(minutesMs)
    await until(
      async () => {
        fixture.pass(11_000)
        await fixture.read(ada, ticket.id)
        return (await fixture.metric('medkit_duplicates_total')) > 0
      },
      'the second copy is noticed',
      timeoutMs,
    )
    const lines = fixture.logged().filter((line) => line.includes(ticket.number) && /twice/.test(line))
    expect(lines).not.toEqual([])
  }
  const { messages } = await fixture.read(ada, ticket.id)
  expect(messages.filter(({ text }) => text === words)).toHaveLength(1)
  expect(await fixture.list(ada)).toHaveLength(1)
}

describe.concurrent('Long after', () => {
  it.concurrent.each(simulatorNames)(
    'an opening comes to light at %s, it is noticed and shown as one',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (fixture) => {
        carryOutLate(fixture, fixture.simulator.calls.open, muchLaterMs)
        const ticket = await fixture.open(ada, { message: 'Längst vergessen.' })
        await fixture.arrived(ada, ticket.id)
        await isNoticed(fixture, ticket, 'Längst vergessen.', 'open')
      }),
  )

  it.concurrent.each(simulatorNames)(
    'a reply comes to light at %s, it is noticed and shown as one',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (fixture) => {
        const ticket = await fixture.open(ada)
        await fixture.arrived(ada, ticket.id)
        carryOutLate(fixture, replyCall(fixture), muchLaterMs)
        await fixture.reply(ada, ticket.id, 'Längst vergessen.')
        await fixture.arrived(ada, ticket.id)
        await isNoticed(fixture, ticket, 'Längst vergessen.', 'reply')
      }),
  )
})

describe.concurrent('A player who lists their tickets before the relay has looked again', () => {
  it.concurrent.each(['theymes'] as const)(
    'is shown one, though %s lists the second copy as a ticket',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (fixture) => {
        carryOutLate(fixture, fixture.simulator.calls.open, muchLaterMs)
        const ticket = await fixture.open(ada, { message: 'Zweimal gelistet.' })
        await fixture.arrived(ada, ticket.id)
        await fixture.simulator.pass(muchLaterMs)
        expect(fixture.copiesOf('Zweimal gelistet.')).toBe(2)
        const isCounted = async () => {
          // Less than the relay waits with looking by itself, and as long as it waits before it asks for a list again.
          fixture.pass(31_000)
          expect(await fixture.list(ada)).toHaveLength(1)
          return (await fixture.metric('medkit_duplicates_total')) === 1
        }
        await until(isCounted, 'the second copy is noticed', timeoutMs)
        expect(await fixture.list(ada)).toHaveLength(1)
      }),
  )
})
