/**
 * Each field of each answer in turn removed, retyped, or null, while a player reads: the relay answers 200 with something
 * true, and where it could not hear the vendor it says which, in the log and in a metric.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conversation, Ticket } from '../../../server/contract/ticket.ts'
import { type Change, changed, changesOf } from '../../fixtures/drift.ts'
import type { Answer } from '../../fixtures/relay.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { until } from '../../fixtures/wait.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')

describe.each(simulatorNames.filter((name) => name !== 'threada'))('Reading over a drifting %s', (name) => {
  let fixture: RelayFixture
  let ticket: Conversation
  let asOf: string
  let counted = 0

  beforeAll(async () => {
    fixture = await startVendorRelay(name)
    ticket = await fixture.open(ada, { message: 'Wo ist mein Schiff?' })
    const [found] = await fixture.atVendor(ticket.number)
    fixture.simulator.agentAnswers(found?.vendorTicketId ?? '', 'Wir suchen es.')
    ticket = await fixture.readUntil(ada, ticket.id, ({ messages }) => messages.length === 2, 'the answer is there')
  })

  afterAll(() => fixture.end())

  const drifts = async () => {
    const { body } = await fixture.call<string>('GET /metrics')
    const counted = body.matchAll(/^medkit_vendor_drift_total\{vendor="(\w+)",.*\} (\d+)$/gm)
    return [...counted].reduce(
      (sum, [, vendor, count]) => sum + (name.startsWith(vendor ?? '?') ? Number(count) : 0),
      0,
    )
  }

  /** Everything there is to be heard is heard anew. */
  function passStale(): void {
    fixture.pass(61_000)
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
    const lines = fixture.logged().length
    passStale()
    fixture.simulator.mutate((body, made) => (made === change.call ? changed(body, change.place, change.how) : body))
    // Reading does not wait for a vendor that is slow: what comes of it is seen the next time.
    const isHeard = await until(async () => {
      const answer = await fixture.call<Conversation>(`GET /v1/tickets/${ticket.id}`, { token: ada })
      expectTruth(answer, told)
      if (answer.body.asOf !== asOf) {
        asOf = answer.body.asOf
        return 'heard'
      }
      return (await drifts()) > counted && 'drifted'
    }, told)
    fixture.simulator.mutate(undefined)
    if (isHeard === 'heard') return
    counted = await drifts()
    const said = fixture.logged().slice(lines)
    expect(
      said.some((line) => line.includes('does not fit') && line.includes(`"vendor":"${fixture.game.vendor.kind}"`)),
      told,
    ).toBe(true)
  }

  it('stays truthful, says who drifted, and recovers', { timeout: 120_000 }, async () => {
    const changes = await until(async () => {
      const start = fixture.simulator.answered.length
      const before = (await fixture.read(ada, ticket.id)).asOf
      passStale()
      // Reading does not wait for a vendor that is slow: what it answers is there the next time.
      asOf = await until(async () => {
        const heard = (await fixture.read(ada, ticket.id)).asOf
        return heard !== before && heard
      }, 'the vendor was heard')
      // What was heard may have been asked for earlier.
      const found = changesOf(fixture.simulator.answered.slice(start))
      return found.length > 10 && found
    }, 'the vendor has answered whole')
    for (const change of changes) await check(change)
    passStale()
    const last = await fixture.read(ada, ticket.id)
    expect(last).toMatchObject({
      status: 'answered',
      messages: [{ id: ticket.messages[0]?.id }, { id: ticket.messages[1]?.id }],
    })
    expect(Date.parse(last.asOf)).toBeGreaterThan(Date.parse(ticket.asOf))
  })

  it('lists what the ledger knows while the vendor’s list drifts', { timeout: 120_000 }, async () => {
    if (fixture.game.can.history !== 'vendor') return
    const start = fixture.simulator.answered.length
    passStale()
    const changes = await until(async () => {
      await fixture.list(ada)
      const found = changesOf(fixture.simulator.answered.slice(start))
      return found.length > 0 && found
    }, 'the vendor was asked')
    for (const { call, place, how } of changes) {
      passStale()
      fixture.simulator.mutate((body, made) => (made === call ? changed(body, place, how) : body))
      const { status, body } = await fixture.call<{ items: Ticket[] }>('GET /v1/tickets', { token: ada })
      fixture.simulator.mutate(undefined)
      expect({ status, ids: body.items.map(({ id }) => id) }, `${call} ${place.join('.')} ${how}`).toEqual({
        status: 200,
        ids: [ticket.id],
      })
    }
  })
})
