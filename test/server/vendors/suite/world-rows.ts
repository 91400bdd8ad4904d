/** One row of a list, or one message of a conversation, that does not fit: every other one is as it was. */
import { expect, it } from 'vitest'
import { type RowBreak, rowWith } from '../../../simulators/world.ts'
import { ada, call, codeOf, having, openingOf, type RelayFixture, refOf } from './parts.ts'
import { replyOf } from './world.ts'

const ways = ['removed', 'retyped', 'null'] as const

/** Every way to break the one row of a call's answers that holds a text: as a whole, and field by field. */
function breaksOf({ simulator }: RelayFixture, calls: readonly string[], containing: string): RowBreak[] {
  return calls.flatMap((call) => {
    const body = simulator.answered.findLast((one) => one.call === call && rowWith(one.body, containing))?.body
    const fields = Object.keys(Object(rowWith(body, containing)))
    if (fields.length === 0) return []
    return [{ call, containing }, ...fields.flatMap((field) => ways.map((how) => ({ call, containing, field, how })))]
  })
}

/** Tries each break by itself. */
async function eachBroken(
  { simulator, drift, hidden }: RelayFixture,
  breaks: readonly RowBreak[],
  look: (told: string) => Promise<void>,
): Promise<void> {
  expect(breaks).not.toEqual([])
  for (const row of breaks) {
    drift.length = 0
    hidden.length = 0
    const setBack = simulator.world.breakRow(row)
    await look(`${row.call} ${row.field ?? 'the row'} ${row.how ?? ''}`)
    setBack()
  }
}

/** The value, or the code of the failure. */
export async function outcomeOf<T>(look: Promise<T>): Promise<{ value: T } | { code: string }> {
  return look.then(
    (value) => ({ value }),
    async (error: unknown) => ({ code: await codeOf(Promise.reject(error)) }),
  )
}

export function rowSuite(fixture: () => RelayFixture): void {
  it('never says «not there» of an opening because one row of a list is broken, its own or another', async () => {
    const { vendor, simulator } = fixture()
    const { findOpened } = vendor
    if (!findOpened) return
    const [one, other] = [openingOf({ message: 'Eins.' }), openingOf({ message: 'Zwei.' })]
    const ids = [(await vendor.open(one, call())).vendorTicketId, (await vendor.open(other, call())).vendorTicketId]
    await findOpened(openingOf(), call())
    await eachBroken(fixture(), breaksOf(fixture(), simulator.calls.lists, ids[1] ?? ''), async (told) => {
      for (const [index, opening] of [one, other].entries()) {
        const found = await outcomeOf(findOpened(opening, call()))
        if ('code' in found) expect(`${told}: ${found.code}`).toBe(`${told}: unexpected`)
        else expect(found.value?.vendorTicketId, told).toBe(ids[index])
      }
    })
  })

  it('never says «not there» of a reply because one message is broken, its own or another', async () => {
    const { vendor, simulator } = fixture()
    const { findReplied, reply } = vendor
    if (!findReplied || !reply || !simulator.calls.messages) return
    const { vendorTicketId: id } = await vendor.open(openingOf(), call())
    const [one, other] = [replyOf(id, { message: 'Eins.' }), replyOf(id, { message: 'Zwei.' })]
    for (const message of [one, other]) await reply(message, call())
    await findReplied(replyOf(id), call())
    await eachBroken(fixture(), breaksOf(fixture(), [simulator.calls.messages], 'Zwei.'), async (told) => {
      for (const message of [one, other]) {
        const found = await outcomeOf(findReplied(message, call()))
        if ('code' in found) expect(`${told}: ${found.code}`).toBe(`${told}: unexpected`)
        else expect(found.value, told).toBeDefined()
      }
    })
  })

  it('lists every other ticket though one row is broken', async () => {
    const { vendor, simulator } = fixture()
    const { list } = vendor
    if (!list) return
    const first = (await vendor.open(openingOf({ message: 'Eins.' }), call())).vendorTicketId
    const broken = (await vendor.open(openingOf({ message: 'Zwei.' }), call())).vendorTicketId
    await list(ada, undefined, call())
    await eachBroken(fixture(), breaksOf(fixture(), simulator.calls.lists, broken), async (told) => {
      const page = await outcomeOf(list(ada, undefined, call()))
      const ids = 'value' in page ? page.value.tickets.map(({ vendorTicketId }) => vendorTicketId) : [page.code]
      expect(ids, told).toContain(first)
      if (!ids.includes(broken)) expect([...fixture().drift, ...fixture().hidden], told).not.toEqual([])
    })
  })

  it('shows every other message though one is broken', async () => {
    const { vendor, simulator } = fixture()
    const { read } = vendor
    if (!read || !simulator.calls.messages || vendor.can.answers !== 'thread') return
    const { vendorTicketId: id } = await vendor.open(openingOf({ message: 'Frage.' }), call())
    for (const text of ['Erstens.', 'Zweitens.']) {
      await simulator.pass(1_500)
      simulator.agentAnswers(id, text)
    }
    await having(read)(refOf(id), call())
    await eachBroken(fixture(), breaksOf(fixture(), [simulator.calls.messages], 'Zweitens.'), async (told) => {
      const conversation = await outcomeOf(read(refOf(id), call()))
      const texts =
        'value' in conversation
          ? conversation.value.messages.map(({ author, text }) => `${author}: ${text}`)
          : [conversation.code]
      const whole = ['player: Frage.', 'agent: Erstens.', 'agent: Zweitens.']
      expect([whole, whole.slice(0, 2)], told).toContainEqual(texts)
      if (texts.length < 3) expect([...fixture().drift, ...fixture().hidden], told).not.toEqual([])
    })
  })
}
