/**
 * Vendors that carry a request out after its caller has gone, and show it later still: one copy while that takes no longer
 * than the vendor is known to take; else at most two, which is noticed, counted, named to the operator, and shown as one.
 */
import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { type Scene, type SceneOptions, setScene, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../../../simulators/simulators.ts'
import { views } from '../../../simulators/world.ts'

const ada = tokenOf('ada')
const patienceMs = 150_000
const timeout = 400_000

async function within(
  name: SimulatorName,
  options: SceneOptions,
  test: (scene: Scene) => Promise<void>,
): Promise<void> {
  const scene = await setScene(name, { realTime: true, ...options })
  try {
    await test(scene)
    expect(scene.simulator.violations).toEqual([])
  } finally {
    await scene.end()
  }
}

/** The vendor loses the answer to its next request of this call, and carries the request out so much later. */
function carryOutLate({ simulator }: Scene, call: string, afterMs: number): void {
  simulator.world.commitLate({ call, afterMs, caller: 'lost-answer' })
}

function showLate({ simulator }: Scene, afterMs: number): void {
  for (const view of views) simulator.world.showLate(view, afterMs)
}

const isCarriedOut = ({ simulator }: Scene) =>
  until(() => simulator.world.pending() === 0, 'the vendor has carried it out', patienceMs)

/** The call that takes a player's further words. */
const replyCall = ({ simulator }: Scene) => simulator.calls.reply ?? simulator.calls.open

/** How it is kept from arriving twice; where it becomes a ticket of its own, as an opening. */
const onceOf = ({ game: { vendor, can } }: Scene, what: 'open' | 'reply') =>
  vendor.once[what === 'reply' && can.reply === 'thread' ? 'reply' : 'open']

/** The vendor itself takes no second one with the same key. */
const isSingle = (scene: Scene, what: 'open' | 'reply') =>
  onceOf(scene, what) === 'vendor' || scene.game.vendor.kind === 'thena'

/** What is kept single by nobody may arrive twice: docs/vendors.md says so. */
const isKept = (scene: Scene, what: 'open' | 'reply') => onceOf(scene, what) !== 'marked'

describe.concurrent.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it.concurrent.each(simulatorNames)(
    'an opening that %s carries out late and shows later still stands there once',
    { timeout },
    (name) =>
      within(name, { engine, settleSeconds: 5 }, async (scene) => {
        carryOutLate(scene, scene.simulator.calls.open, 1_000)
        showLate(scene, 1_000)
        const { id } = await scene.open(ada, { message: 'Erst spät da.' })
        await scene.arrived(ada, id)
        await isCarriedOut(scene)
        const copies = scene.copiesOf('Erst spät da.')
        expect(copies).toBeLessThanOrEqual(isKept(scene, 'open') ? 1 : 2)
        expect(copies).toBeGreaterThan(0)
      }),
  )

  it.concurrent.each(simulatorNames)(
    'a reply that %s carries out late and shows later still stands there once',
    { timeout },
    (name) =>
      within(name, { engine, settleSeconds: 5 }, async (scene) => {
        const { id } = await scene.open(ada)
        await scene.arrived(ada, id)
        carryOutLate(scene, replyCall(scene), 1_000)
        showLate(scene, 1_000)
        await scene.reply(ada, id, 'Und das noch später.')
        await scene.arrived(ada, id)
        await isCarriedOut(scene)
        const copies = scene.copiesOf('Und das noch später.')
        expect(copies).toBeLessThanOrEqual(isKept(scene, 'reply') ? 1 : 2)
        expect(copies).toBeGreaterThan(0)
      }),
  )
})

/** When the relay has long sent it again: the vendor's time is the test's to move. */
const muchLaterMs = 600_000

/** The relay looks for what may yet come to light after minutes. */
const minutesMs = 310_000

/** Two copies at the vendor are one to the player, and no secret to the operator. */
async function isNoticed(scene: Scene, ticket: Conversation, words: string, what: 'open' | 'reply'): Promise<void> {
  expect(scene.copiesOf(words)).toBe(1)
  await scene.simulator.pass(muchLaterMs)
  expect(scene.copiesOf(words)).toBe(isSingle(scene, what) ? 1 : 2)
  if (!isSingle(scene, what) && isKept(scene, what)) {
    scene.pass(minutesMs)
    await until(
      async () => {
        scene.pass(11_000)
        await scene.read(ada, ticket.id)
        return (await scene.metric('medkit_duplicates_total')) > 0
      },
      'the second copy is noticed',
      patienceMs,
    )
    const lines = scene.logged().filter((line) => line.includes(ticket.number) && /twice/.test(line))
    expect(lines).not.toEqual([])
  }
  const { messages } = await scene.read(ada, ticket.id)
  expect(messages.filter(({ text }) => text === words)).toHaveLength(1)
  expect(await scene.list(ada)).toHaveLength(1)
}

describe.concurrent('Long after', () => {
  it.concurrent.each(simulatorNames)(
    'an opening comes to light at %s, it is noticed and shown as one',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (scene) => {
        carryOutLate(scene, scene.simulator.calls.open, muchLaterMs)
        const ticket = await scene.open(ada, { message: 'Längst vergessen.' })
        await scene.arrived(ada, ticket.id)
        await isNoticed(scene, ticket, 'Längst vergessen.', 'open')
      }),
  )

  it.concurrent.each(simulatorNames)(
    'a reply comes to light at %s, it is noticed and shown as one',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (scene) => {
        const ticket = await scene.open(ada)
        await scene.arrived(ada, ticket.id)
        carryOutLate(scene, replyCall(scene), muchLaterMs)
        await scene.reply(ada, ticket.id, 'Längst vergessen.')
        await scene.arrived(ada, ticket.id)
        await isNoticed(scene, ticket, 'Längst vergessen.', 'reply')
      }),
  )
})

describe.concurrent('A player who lists their tickets before the relay has looked again', () => {
  it.concurrent.each(['theymes'] as const)(
    'is shown one, though %s lists the second copy as a ticket',
    { timeout },
    (name) =>
      within(name, { settleSeconds: 1, realTime: false }, async (scene) => {
        carryOutLate(scene, scene.simulator.calls.open, muchLaterMs)
        const ticket = await scene.open(ada, { message: 'Zweimal gelistet.' })
        await scene.arrived(ada, ticket.id)
        await scene.simulator.pass(muchLaterMs)
        expect(scene.copiesOf('Zweimal gelistet.')).toBe(2)
        const isCounted = async () => {
          // Less than the relay waits with looking by itself, and as long as it waits before it asks for a list again.
          scene.pass(31_000)
          expect(await scene.list(ada)).toHaveLength(1)
          return (await scene.metric('medkit_duplicates_total')) === 1
        }
        await until(isCounted, 'the second copy is noticed', patienceMs)
        expect(await scene.list(ada)).toHaveLength(1)
      }),
  )
})
