/**
 * Messages that a vendor chokes on, for ever: each delays only itself. Everybody else's arrive; these are parked, the player
 * is told, and the operator sees them.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../../fixtures/vendor-relay.ts'
import { until } from '../../../fixtures/wait.ts'
import { type SimulatorName, simulatorNames } from '../../../simulators/simulators.ts'

const timeoutMs = 240_000
const timeout = 600_000

async function within(name: SimulatorName, test: (fixture: RelayFixture) => Promise<void>): Promise<void> {
  const fixture = await startVendorRelay(name, { settleSeconds: 1, realTime: true })
  try {
    await test(fixture)
    expect(fixture.simulator.violations).toEqual([])
  } finally {
    await fixture.end()
  }
}

it.concurrent.each(simulatorNames)(
  'six poisons by three players hold up nobody else’s messages at %s, and are parked in sight of all',
  { timeout },
  (name) =>
    within(name, async (fixture) => {
      fixture.simulator.world.poison('Gift Nummer')
      const poisons: { token: string; id: string }[] = []
      for (const player of ['mal', 'nil', 'orm']) {
        for (const number of [1, 2]) {
          const token = tokenOf(player)
          poisons.push({
            token,
            id: (await fixture.open(token, { message: `Gift Nummer ${number} von ${player}` })).id,
          })
        }
      }
      let others = 0
      const another = async () => {
        others += 1
        const token = tokenOf(`other-${others}`)
        const { id } = await fixture.open(token, { message: `Gesund Nummer ${others}.` })
        await fixture.arrived(token, id)
      }
      await Promise.all(Array.from({ length: 10 }, another))
      await until(
        async () => {
          await another()
          fixture.pass(30_000)
          const states = await Promise.all(poisons.map(async ({ token, id }) => deliveryOf(fixture, token, id)))
          return states.every((state) => state === 'failed')
        },
        'the six are parked',
        timeoutMs,
      )
      for (let number = 1; number <= others; number += 1) expect(fixture.copiesOf(`Gesund Nummer ${number}.`)).toBe(1)
      expect(await fixture.metric('medkit_outbox_stuck')).toBe(6)
      expect((await outboxOf(fixture)).match(/ stuck /g)).toHaveLength(6)
    }),
)

it.concurrent.each(simulatorNames)(
  'what %s takes and answers 500 all the same arrives once, where it can be looked for',
  { timeout },
  (name) =>
    within(name, async (fixture) => {
      const { findOpened } = fixture.game.vendor
      if (!findOpened) return
      fixture.simulator.world.poison('Schluckt es doch.', 'taken')
      const ada = tokenOf('ada')
      const { id } = await fixture.open(ada, { message: 'Schluckt es doch.' })
      await fixture.arrived(ada, id)
      expect(fixture.copiesOf('Schluckt es doch.')).toBe(1)
    }),
)

it.concurrent.each(simulatorNames)(
  'a poisoned reply holds up what %s gets from others, and the player may send it again',
  { timeout },
  (name) =>
    within(name, async (fixture) => {
      const [ada, bob] = [tokenOf('ada'), tokenOf('bob')]
      const { id } = await fixture.open(ada)
      await fixture.arrived(ada, id)
      const heal = fixture.simulator.world.poison('Gift und Galle.', 'refuse')
      await fixture.reply(ada, id, 'Gift und Galle.')
      const failed = await until(
        async () => (await fixture.read(ada, id)).messages.find(({ delivery }) => delivery === 'failed'),
        'the reply has failed',
        timeoutMs,
      )
      const other = await fixture.open(bob, { message: 'Daneben.' })
      await fixture.arrived(bob, other.id)
      heal()
      await fixture.call(`POST /v1/tickets/${id}/messages/${failed.id}/retry`, { token: ada })
      await fixture.arrived(ada, id)
      expect(fixture.copiesOf('Gift und Galle.')).toBe(1)
    }),
)

async function deliveryOf(fixture: RelayFixture, token: string, id: string) {
  return (await fixture.read(token, id)).messages[0]?.delivery
}

/** `medkit outbox`, beside the running relay. */
async function outboxOf({ store }: RelayFixture): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-operator-'))
  const config = join(folder, 'operator.json')
  const games = {
    any: { name: 'Any', players: { anonymous: true }, vendor: { kind: 'desk', token: 'a token of the desk' } },
  }
  try {
    await writeFile(config, JSON.stringify({ store, games }))
    const args = ['server/main.ts', 'outbox', '--config', config]
    return (await promisify(execFile)(process.execPath, args)).stdout
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
