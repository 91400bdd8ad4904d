/**
 * Each field of each answer in turn removed, retyped, or null, while a player reads: the relay answers 200 with something
 * true, and where it could not hear the vendor it says which, in the log and in a metric.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import { type Change, changed, changesOf } from '../../fixtures/drift.ts'
import type { Answer } from '../../fixtures/relay.ts'
import { type Scene, setScene, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')

describe.each(simulatorNames.filter((name) => name !== 'threada'))('Reading over a drifting %s', (name) => {
  let scene: Scene
  let ticket: Conversation
  let asOf: string
  let counted = 0

  beforeAll(async () => {
    scene = await setScene(name)
    ticket = await scene.open(ada, { message: 'Wo ist mein Schiff?' })
    const [found] = await scene.atVendor(ticket.number)
    scene.simulator.agentAnswers(found?.vendorTicketId ?? '', 'Wir suchen es.')
    ticket = await scene.readUntil(ada, ticket.id, ({ messages }) => messages.length === 2, 'the answer is there')
  })

  afterAll(() => scene.end())

  const drifts = async () => {
    const { body } = await scene.call<string>('GET /metrics')
    const counted = body.matchAll(/^medkit_vendor_drift_total\{vendor="(\w+)",.*\} (\d+)$/gm)
    return [...counted].reduce(
      (sum, [, vendor, count]) => sum + (name.startsWith(vendor ?? '?') ? Number(count) : 0),
      0,
    )
  }

  /** Everything there is to be heard is heard anew. */
  function passStale(): void {
    scene.pass(61_000)
  }

  function expectTruth(answer: Answer<Conversation>, told: string): void {
    expect(`${told}: ${answer.status}`).toBe(`${told}: 200`)
    expect(['open', 'answered', 'closed']).toContain(answer.body.status)
    expect(
      answer.body.messages.map(({ author, text }) => `${author}: ${text}`),
      told,
    ).toEqual(['player: Wo ist mein Schiff?', 'agent: Wir suchen es.'])
  }

  async function check(change: Change): Promise<void> {
    const told = `${change.call} ${change.place.join('.')} ${change.how}`
    const lines = scene.logged().length
    passStale()
    scene.simulator.mutate((body, made) => (made === change.call ? changed(body, change.place, change.how) : body))
    // Reading does not wait for a vendor that is slow: what comes of it is seen the next time.
    const isHeard = await until(async () => {
      const answer = await scene.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
      expectTruth(answer, told)
      if (answer.body.asOf !== asOf) {
        asOf = answer.body.asOf
        return 'heard'
      }
      return (await drifts()) > counted && 'drifted'
    }, told)
    scene.simulator.mutate(undefined)
    if (isHeard === 'heard') return
    counted = await drifts()
    const said = scene.logged().slice(lines)
    expect(
      said.some((line) => line.includes('does not fit') && line.includes(`"vendor":"${scene.game.vendor.kind}"`)),
      told,
    ).toBe(true)
  }

  it('stays truthful, says who drifted, and recovers', { timeout: 120_000 }, async () => {
    const changes = await until(async () => {
      const start = scene.simulator.answered.length
      const before = (await scene.read(ada, ticket.id)).asOf
      passStale()
      // Reading does not wait for a vendor that is slow: what it answers is there the next time.
      asOf = await until(async () => {
        const heard = (await scene.read(ada, ticket.id)).asOf
        return heard !== before && heard
      }, 'the vendor was heard')
      // What was heard may have been asked for earlier.
      const found = changesOf(scene.simulator.answered.slice(start))
      return found.length > 10 && found
    }, 'the vendor has answered whole')
    for (const change of changes) await check(change)
    passStale()
    const last = await scene.read(ada, ticket.id)
    expect(last).toMatchObject({
      status: 'answered',
      messages: [{ id: ticket.messages[0]?.id }, { id: ticket.messages[1]?.id }],
    })
    expect(Date.parse(last.asOf)).toBeGreaterThan(Date.parse(ticket.asOf))
  })

  it('lists what the ledger knows while the vendor’s list drifts', { timeout: 120_000 }, async () => {
    if (scene.game.can.history !== 'vendor') return
    const start = scene.simulator.answered.length
    passStale()
    const changes = await until(async () => {
      await scene.list(ada)
      const found = changesOf(scene.simulator.answered.slice(start))
      return found.length > 0 && found
    }, 'the vendor was asked')
    for (const { call, place, how } of changes) {
      passStale()
      scene.simulator.mutate((body, made) => (made === call ? changed(body, place, how) : body))
      const { status, body } = await scene.call<{ items: Ticket[] }>('GET /v1/tickets', { token: ada })
      scene.simulator.mutate(undefined)
      expect({ status, ids: body.items.map(({ id }) => id) }, `${call} ${place.join('.')} ${how}`).toEqual({
        status: 200,
        ids: [ticket.id],
      })
    }
  })
})
