/** A vendor's list of what changed: it shows each ticket, and another state of the one on which something happened. */
import { expect, it } from 'vitest'
import type { ChangeList, Vendor } from '../../../../server/vendors/vendor.ts'
import { call, openOne, type RelayFixture } from './parts.ts'
import { outcomeOf } from './world-rows.ts'

const longAgo = new Date('2020-01-01T00:00:00Z')
/** More than any simulator has. */
const mostPages = 200

/** What a list shows from its beginning to its end, by the vendor's id. */
async function statesIn({ page }: ChangeList): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  let cursor: string | undefined
  for (let pages = 0; pages < mostPages; pages += 1) {
    const answer = await page(cursor, longAgo, call())
    for (const { vendorTicketId, state } of answer.tickets) states.set(vendorTicketId, state)
    cursor = answer.cursor
    if (cursor === undefined) return states
  }
  throw new Error('the list has no end')
}

export function changesSuite(fixture: () => RelayFixture): void {
  const listOf = ({ vendor }: { vendor: Vendor }) => vendor.changes

  it.each([
    ['as it comes', {}],
    ['oldest first', { order: 'oldest' }],
    ['in any order, a few rows a page', { order: 'any', cap: 3 }],
  ] as const)('lists what changed, %s: one state as long as nothing happens', async (_, order) => {
    const list = listOf(fixture())
    if (!list) return
    fixture().simulator.world.list(order)
    const ids: string[] = []
    for (let count = 0; count < 7; count += 1) ids.push(await openOne(fixture()))
    const before = await statesIn(list)
    expect([...before.keys()]).toEqual(expect.arrayContaining(ids))
    expect(await statesIn(list)).toEqual(before)
  })

  it('lists another state of a ticket that an agent answers, and of no other', async () => {
    const list = listOf(fixture())
    if (!list?.showsMessages) return
    const [answered, other] = [await openOne(fixture()), await openOne(fixture())]
    const before = await statesIn(list)
    await fixture().simulator.pass(2_000)
    fixture().simulator.agentAnswers(answered, 'Wir haben es gefunden.')
    const after = await statesIn(list)
    expect(after.get(answered)).not.toBe(before.get(answered))
    expect(after.get(other)).toBe(before.get(other))
  })

  it('lists another state of a ticket that an agent closes, or leaves it out', async () => {
    const list = listOf(fixture())
    if (!list) return
    const [closed, other] = [await openOne(fixture()), await openOne(fixture())]
    const before = await statesIn(list)
    await fixture().simulator.pass(2_000)
    fixture().simulator.agentCloses(closed)
    const after = await statesIn(list)
    expect(after.get(closed)).not.toBe(before.get(closed))
    expect(after.get(other)).toBe(before.get(other))
  })

  it('hides no other ticket behind a row that does not fit, or fails as a whole', async () => {
    const { simulator, drift } = fixture()
    const list = listOf(fixture())
    if (!list) return
    const [broken, other] = [await openOne(fixture()), await openOne(fixture())]
    for (const name of simulator.calls.lists) simulator.world.breakRow({ call: name, containing: broken })
    const outcome = await outcomeOf(statesIn(list))
    if ('code' in outcome) expect(outcome.code).toBe('unexpected')
    else expect([outcome.value.has(broken), outcome.value.has(other)]).toEqual([false, true])
    expect(drift).not.toEqual([])
  })
}
