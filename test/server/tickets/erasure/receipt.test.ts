/** What a receipt says of an erasure that was not smooth: each count is of before, and each vendor ticket is in one of them. */
import { afterEach, describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../../../server/contract/ids.ts'
import type { ErasureReceipt } from '../../../../server/contract/receipt.ts'
import { createReceiptOf } from '../../../../server/tickets/erasure/receipt.ts'
import { type Erasing, moodyVendor, openErasing } from '../../../fixtures/erasure.ts'
import { playerOf } from '../../../fixtures/game.ts'

const anonymous = playerOf(1)
let fixture: Erasing
afterEach(() => fixture.close())

const sign = async (receipt: ErasureReceipt) => ({ receipt, payload: '', protected: '', signature: '' })

async function receipt(player = anonymous): Promise<ErasureReceipt> {
  const { store } = fixture
  const parts = {
    store,
    games: new Map(),
    signer: { sign },
    issuer: () => 'https://a.example',
  }
  const { id } = await fixture.requestOf(player)
  return (await createReceiptOf(parts)(player, id)).receipt
}

function addFile(id: string, state: 'ready' | 'refused', file_size: number): Promise<unknown> {
  return fixture.store.attachments.add({
    id: id as AttachmentId,
    game: anonymous.game,
    player: anonymous.key,
    file_name: 'planted-name.png',
    file_type: 'image/png',
    file_size,
    state,
    position: 0,
    created_at: fixture.time.clock.now().getTime(),
  })
}

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it('counts what was never sent and what no message took, and nothing twice when it is taken up again', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    await fixture.open(anonymous, 'vendor-1')
    await fixture.write(anonymous)
    await addFile('A'.repeat(22), 'ready', 1_000)
    await addFile('B'.repeat(22), 'refused', 500)
    await fixture.deletions.ask(anonymous)
    moody.moods.open = 'unreachable'
    await fixture.round()
    moody.moods.open = 'well'
    await fixture.untilDone(anonymous)
    const { held, doneAt } = await receipt()
    expect(held).toMatchObject({ selves: 1, tickets: 2, messages: 2, files: 1, fileBytes: 1_000, vendorTickets: 1 })
    expect(Date.parse(held?.countedAt ?? '')).toBeLessThan(Date.parse(doneAt))
  })

  it('is about whoever was erased, also once they are merged into somebody who was not', async () => {
    fixture = await openErasing(engine, { 'star-harbor': moodyVendor().vendor })
    await fixture.open(anonymous, 'vendor-1')
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    const before = await receipt()
    const ada = playerOf(2)
    await fixture.store.transaction((ledger) => ledger.merges.move({ anonymous: anonymous.key, verified: ada.key }))
    expect(await receipt(ada)).toEqual(before)
  })

  it('names the player in no row of the ledger once it is done, and is still theirs alone', async () => {
    fixture = await openErasing(engine, { 'star-harbor': moodyVendor().vendor })
    await fixture.open(anonymous, 'vendor-1')
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    const row = await fixture.db.selectFrom('deletions').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain(anonymous.key)
    expect(await fixture.deletions.list(anonymous)).toHaveLength(1)
    expect(await fixture.deletions.list(playerOf(2))).toEqual([])
    // As a relay left it that knew no receipts.
    await fixture.store.deletions.change(row.id, { player: anonymous.key, about: null })
    expect(await fixture.deletions.list(anonymous)).toHaveLength(1)
    await fixture.sweep()
    expect((await receipt()).player).toBe(row.player)
  })

  it('goes on saying what became of each after the ledger was cleared a second time', async () => {
    const moody = moodyVendor({ forgets: true })
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    await fixture.open(anonymous, 'vendor-1')
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    const { id } = await fixture.requestOf(anonymous)
    // As after a crash between forgetting and saying so.
    const { steps } = await fixture.db.selectFrom('deletions').select('steps').executeTakeFirstOrThrow()
    const before = JSON.stringify(JSON.parse(steps).slice(0, -1))
    const { key } = anonymous
    await fixture.store.deletions.change(id, { status: 'begun', steps: before, player: key, about: key })
    await fixture.untilDone(anonymous)
    expect((await receipt()).atVendor).toMatchObject({ erased: 1 })
    expect((await receipt()).held).toMatchObject({ tickets: 1 })
  })
})

it('names the tickets by which the studio was asked, by the marks that they bear', async () => {
  const moody = moodyVendor()
  fixture = await openErasing('sqlite', { 'star-harbor': moody.vendor })
  for (let n = 0; n < 101; n++) await fixture.open(anonymous, `vendor-${n}`)
  await fixture.deletions.ask(anonymous)
  await fixture.untilDone(anonymous)
  const { atVendor, steps } = await receipt()
  expect(moody.asked).toHaveLength(2)
  expect(atVendor).toEqual({
    erased: 0,
    studioAsked: 101,
    studioTickets: moody.asked.map(({ mark }) => mark),
    operatorTold: 0,
  })
  expect(steps.map(({ name, word }) => [name, word])).toEqual([
    ['asked', 'player'],
    ['studio-asked', 'relay'],
    ['relay-erased', 'relay'],
  ])
})

it('says how many are left to whoever runs the relay', async () => {
  const moody = moodyVendor()
  moody.moods.open = 'refused'
  fixture = await openErasing('sqlite', { 'star-harbor': moody.vendor })
  await fixture.open(anonymous, 'vendor-1')
  await fixture.deletions.ask(anonymous)
  await fixture.untilDone(anonymous)
  expect((await receipt()).atVendor).toEqual({ erased: 0, studioAsked: 0, studioTickets: [], operatorTold: 1 })
})
