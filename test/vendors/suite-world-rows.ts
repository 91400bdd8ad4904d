/** One row of a list, or one message of a conversation, that does not fit: every other one is as it was. */
import { expect, it } from 'vitest'
import { call, codeOf, openingOf, type Scene } from './suite-parts.ts'
import { type RowBreak, rowWith } from './world.ts'

const ways = ['removed', 'retyped', 'null'] as const

/** Every way to break the one row of a call's answers that holds a text: as a whole, and field by field. */
export function breaksOf({ simulator }: Scene, calls: readonly string[], containing: string): RowBreak[] {
  return calls.flatMap((call) => {
    const body = simulator.answered.findLast((one) => one.call === call && rowWith(one.body, containing))?.body
    const fields = Object.keys(Object(rowWith(body, containing)))
    if (fields.length === 0) return []
    return [{ call, containing }, ...fields.flatMap((field) => ways.map((how) => ({ call, containing, field, how })))]
  })
}

/** Tries each break by itself. */
export async function eachBroken(
  { simulator, drift, hidden }: Scene,
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

export function rowSuite(scene: () => Scene): void {
  it('never says «not there» of an opening because one row of a list is broken, its own or another', async () => {
    const { vendor, simulator } = scene()
    const { findOpened } = vendor
    if (!findOpened) return
    const [one, other] = [openingOf({ message: 'Eins.' }), openingOf({ message: 'Zwei.' })]
    const ids = [(await vendor.open(one, call())).vendorTicketId, (await vendor.open(other, call())).vendorTicketId]
    await findOpened(openingOf(), call())
    await eachBroken(scene(), breaksOf(scene(), simulator.calls.lists, ids[1] ?? ''), async (told) => {
      for (const [index, opening] of [one, other].entries()) {
        const found = await outcomeOf(findOpened(opening, call()))
        if ('code' in found) expect(`${told}: ${found.code}`).toBe(`${told}: unexpected`)
        else expect(found.value?.vendorTicketId, told).toBe(ids[index])
      }
    })
  })
}
