/** Erasure over every kind of vendor: it ends, its steps are true, and whatever a vendor may hold is erased or named. */
import { afterEach, describe, expect, it } from 'vitest'
import type { AttachmentId, MessageId } from '../../../../server/contract/ids.ts'
import type { Identity } from '../../../../server/players/identity.ts'
import { playerKey } from '../../../../server/store/players.ts'
import type { VendorFileId } from '../../../../server/vendors/vendor.ts'
import { dayMs, type Erasing, minuteMs, moodyVendor, openErasing } from '../../../fixtures/erasure.ts'
import { gameOf, playerOf } from '../../../fixtures/game.ts'

const anonymous = playerOf(1)
const mailed: Identity = { ...playerOf(3), subject: 'email:3', key: playerKey('star-harbor', 'email:3'), kind: 'email' }
const ada: Identity = { ...playerOf(4), subject: 'ada', key: playerKey('star-harbor', 'ada'), kind: 'verified' }

let fixture: Erasing
afterEach(() => fixture.close())

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it('names everybody the player was, and each vendor ticket, where the studio is asked', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const selves = [anonymous, playerOf(2), mailed]
    const tickets = await Promise.all(selves.map((self, n) => fixture.open(self, `vendor-${n}`)))
    await fixture.open(ada, 'vendor-of-ada')
    for (const { key } of selves)
      await fixture.store.transaction(async (ledger) => {
        await ledger.players.mergeInto(key, ada.key, new Date())
        await ledger.merges.move({ anonymous: key, verified: ada.key })
      })
    await fixture.deletions.ask(ada)
    await fixture.untilDone(ada)
    expect(await fixture.steps(ada)).toEqual(['asked', 'studio-asked', 'relay-erased'])
    expect(moody.asked).toHaveLength(1)
    const said = moody.asked[0]?.message.split('\n') ?? []
    for (const { subject } of [ada, ...selves])
      expect(said).toContain(`Known here as: ${subject} (pseudonym-of-${subject})`)
    for (const [n, { number }] of tickets.entries()) expect(said).toContain(`Ticket ${number}: vendor-${n} here`)
    expect(said.some((line) => line.endsWith(': vendor-of-ada here'))).toBe(true)
    expect(await fixture.db.selectFrom('erasures').selectAll().execute()).toEqual([])
    expect(await fixture.db.selectFrom('players').selectAll().execute()).toEqual([])
  })

  it('finds by its mark what arrived without an answer, and has that erased as well', async () => {
    const moody = moodyVendor({ forgets: true })
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const mark = await sendUnsure(anonymous)
    moody.holds.set(mark, 'found-1' as never)
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    expect(moody.forgotten).toEqual(['found-1'])
    expect(await fixture.steps(anonymous)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
  })

  it('gives the vendor its time to show that, and then names the mark', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const mark = await sendUnsure(anonymous)
    await fixture.deletions.ask(anonymous)
    await fixture.round()
    expect(moody.asked).toEqual([])
    expect(await fixture.untilDone(anonymous)).toBeGreaterThanOrEqual(90_000)
    expect(moody.asked[0]?.message).toContain(`under the mark ${mark}`)
    expect(await fixture.steps(anonymous)).toEqual(['asked', 'studio-asked', 'relay-erased'])
  })

  it('names the mark of what was sent twice, though the second attempt surely came to nothing', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const mark = await sendUnsure(anonymous, { unsure_since: null, resent: 1 })
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    expect(moody.asked[0]?.message).toContain(`under the mark ${mark}`)
  })

  it('names the mark as well where one copy came to light, because there may be another', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const mark = await sendUnsure(anonymous, { resent: 1 })
    moody.holds.set(mark, 'found-1' as never)
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    expect(moody.asked.map(({ message }) => message).join()).toContain(': found-1 here')
    expect(moody.asked.map(({ message }) => message).join()).toContain(`under the mark ${mark}`)
  })

  it('says nothing to a vendor that was never sent anything', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    await fixture.write(anonymous)
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    expect(moody.asked).toEqual([])
    expect(await fixture.steps(anonymous)).toEqual(['asked', 'relay-erased'])
    expect(await fixture.db.selectFrom('deliveries').selectAll().execute()).toEqual([])
  })

  it('refuses whatever is written from when it begins until it ends, and then takes a new player', async () => {
    const moody = moodyVendor()
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const ticket = await fixture.open(anonymous, 'vendor-1')
    const game = gameOf(moody.vendor)
    const { id } = await fixture.deletions.ask(anonymous)
    await fixture.reply(anonymous, ticket.id, 'Not begun yet')
    await fixture.db.deleteFrom('deliveries').execute()
    moody.moods.open = 'unreachable'
    await fixture.round()
    const refused = { code: 'erasure_under_way' }
    await expect(fixture.write(anonymous)).rejects.toMatchObject(refused)
    await expect(fixture.reply(anonymous, ticket.id, 'And?')).rejects.toMatchObject(refused)
    await expect(fixture.change.close(anonymous, game, ticket.id)).rejects.toMatchObject(refused)
    await expect(fixture.deletions.withdraw(anonymous, id)).rejects.toMatchObject({ code: 'unsupported' })
    moody.moods.open = 'well'
    await fixture.untilDone(anonymous)
    await fixture.write(anonymous)
    expect(await fixture.db.selectFrom('deliveries').selectAll().execute()).toHaveLength(1)
  })

  it('brings nothing back that is sent once more after it was erased, as a device does that heard no answer', async () => {
    fixture = await openErasing(engine, { 'star-harbor': moodyVendor().vendor })
    await fixture.write(anonymous, 'Gone!', 'the-key')
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    await expect(fixture.write(anonymous, 'Gone!', 'the-key')).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    expect(JSON.stringify(await fixture.db.selectFrom('idempotency').selectAll().execute())).not.toContain(
      anonymous.key,
    )
    // What is written anew is by whoever they are from now on, and may be erased as well.
    await fixture.write(anonymous, 'Still here', 'another-key')
    await fixture.deletions.ask(anonymous)
    await fixture.untilDone(anonymous)
    for (const key of ['the-key', 'another-key'])
      await expect(fixture.write(anonymous, 'Gone!', key)).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  it('has a vendor with a call of its own erase everybody the player was', async () => {
    const moody = moodyVendor({ forgets: true })
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    const selves = [anonymous, playerOf(2), mailed, ada]
    for (const [n, self] of selves.entries()) await fixture.open(self, `vendor-${n}`)
    for (const { key } of selves.slice(0, 3))
      await fixture.store.transaction(async (ledger) => {
        await ledger.players.mergeInto(key, ada.key, fixture.time.clock.now())
        await ledger.merges.move({ anonymous: key, verified: ada.key })
      })
    await fixture.deletions.ask(ada)
    await fixture.untilDone(ada)
    expect(new Set(moody.forgottenPlayers)).toEqual(new Set(selves.map(({ subject }) => subject)))
    expect(moody.forgotten.toSorted()).toEqual(selves.map((_, n) => `vendor-${n}`))
    expect(await fixture.steps(ada)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
  })

  it('asks again a vendor whose lists may not have shown a new ticket, before it says that it is erased', async () => {
    const moody = moodyVendor({ forgets: true })
    fixture = await openErasing(engine, { 'star-harbor': moody.vendor })
    await fixture.open(anonymous, 'vendor-1')
    moody.unseen.add('vendor-1')
    await fixture.deletions.ask(anonymous)
    await fixture.round()
    expect(moody.forgottenPlayers).toEqual([anonymous.subject])
    expect(await fixture.steps(anonymous)).toEqual(['asked'])
    moody.unseen.clear()
    await fixture.untilDone(anonymous)
    expect(moody.forgotten).toEqual(['vendor-1'])
    expect(await fixture.steps(anonymous)).toEqual(['asked', 'vendor-asked', 'relay-erased'])
  })

  it('gives a vendor that cannot be asked its time, before it erases what may still arrive', async () => {
    const moody = moodyVendor({ forgets: true })
    const { findOpened: _, ...vendor } = moody.vendor
    fixture = await openErasing(engine, { 'star-harbor': vendor })
    await sendUnsure(anonymous)
    await fixture.deletions.ask(anonymous)
    await fixture.round()
    expect(moody.forgottenPlayers).toEqual([])
    expect(await fixture.untilDone(anonymous)).toBeGreaterThanOrEqual(90_000)
    expect(moody.forgottenPlayers).toEqual([anonymous.subject])
  })

  it('ten at a vendor that hangs keep neither one at another nor the sweeps waiting', async () => {
    const [hangs, healthy] = [moodyVendor({ forgets: true }), moodyVendor({ forgets: true })]
    hangs.moods.forget = 'hang'
    fixture = await openErasing(engine, { 'star-harbor': hangs.vendor, 'moon-base': healthy.vendor })
    const many = Array.from({ length: 10 }, (_, n) => playerOf(10 + n))
    for (const player of many) {
      await fixture.open(player, `vendor-${player.subject}`)
    }
    const old = await fixture.open(playerOf(30), 'vendor-old')
    fixture.time.pass(31 * dayMs)
    const one = playerOf(1, 'moon-base')
    await fixture.open(one, 'vendor-one')
    fixture.time.pass(10 * minuteMs)
    for (const player of [...many, one]) await fixture.deletions.ask(player)
    fixture.erasures.start()
    await expect.poll(async () => (await fixture.requestOf(one)).status, { timeout: 20_000 }).toBe('done')
    expect(healthy.forgotten).toEqual(['vendor-one'])
    expect(hangs.hanging()).toBeGreaterThan(0)
    expect(await fixture.sweep()).toEqual(['orphans'])
    expect(await fixture.db.selectFrom('messages').select('id').where('ticket_id', '=', old.id).execute()).toEqual([])
    for (const player of many) expect((await fixture.requestOf(player)).status).not.toBe('done')
    await fixture.erasures.stop()
  })
})

describe.each([
  ['without a call of its own', {}],
  ['with one', { forgets: true }],
] as const)('At a vendor %s', (_, kind) => {
  async function begin(moods: Partial<ReturnType<typeof moodyVendor>['moods']>) {
    const moody = moodyVendor(kind)
    Object.assign(moody.moods, moods)
    fixture = await openErasing('sqlite', { 'star-harbor': moody.vendor })
    await fixture.open(anonymous, 'vendor-1')
    await fixture.deletions.ask(anonymous)
    return moody
  }

  async function expectLeftToOperator(): Promise<void> {
    expect(await fixture.steps(anonymous)).toEqual(['asked', 'operator-told', 'relay-erased'])
    expect(await fixture.db.selectFrom('tickets').selectAll().execute()).toEqual([])
    expect(fixture.lines.some((line) => line.includes('erase them there') && line.includes('vendor-1'))).toBe(true)
    expect(await fixture.store.erasures.unasked()).toEqual([{ game: 'star-harbor', count: 1 }])
  }

  it('that refuses for ever it ends at once, and the operator is told what is left', async () => {
    const moody = await begin({ open: 'refused', forget: 'refused' })
    expect(await fixture.untilDone(anonymous)).toBeLessThan(minuteMs)
    await expectLeftToOperator()
    expect(moody.asked).toEqual([])
  })

  it.each(['hang', 'unreachable', 'misconfigured', 'unexpected'] as const)(
    'that is %s for ever it ends by its date, and the operator is told what is left',
    async (mood) => {
      await begin({ open: mood, forget: mood })
      expect(await fixture.untilDone(anonymous)).toBeLessThanOrEqual(31 * dayMs)
      await expectLeftToOperator()
    },
  )

  it('that is out for three days it is carried out when it is back', async () => {
    const moody = await begin({ open: 'unreachable', forget: 'unreachable' })
    const { requestedAt } = await fixture.requestOf(anonymous)
    const backAt = Date.parse(requestedAt) + 3 * dayMs
    while (fixture.time.clock.now().getTime() < backAt) {
      await fixture.round()
      fixture.time.pass(10 * minuteMs)
    }
    expect((await fixture.requestOf(anonymous)).status).toBe('begun')
    Object.assign(moody.moods, { open: 'well', forget: 'well' })
    expect(await fixture.untilDone(anonymous)).toBeLessThan(4 * dayMs)
    expect([moody.forgotten, moody.asked.length]).toEqual('forgets' in kind ? [['vendor-1'], 0] : [[], 1])
  })
})

it('asks the studio by a ticket where the vendor refuses its own call, and every step says what was done', async () => {
  const moody = moodyVendor({ forgets: true })
  moody.moods.forget = 'refused'
  fixture = await openErasing('sqlite', { 'star-harbor': moody.vendor })
  await fixture.open(anonymous, 'vendor-1')
  await fixture.deletions.ask(anonymous)
  await fixture.untilDone(anonymous)
  expect(await fixture.steps(anonymous)).toEqual(['asked', 'studio-asked', 'relay-erased'])
  expect(moody.asked[0]?.message).toContain('vendor-1')
})

it('hands out no address to put a file at that was being prepared when an erasure dropped the file', async () => {
  const [asked, prepared] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const prepareUpload = async () => {
    asked.resolve()
    await prepared.promise
    return { vendorFileId: 'file-1' as never, url: 'https://files.example/1', headers: {}, expiresAt: new Date() }
  }
  fixture = await openErasing('sqlite', { 'star-harbor': { ...moodyVendor().vendor, prepareUpload } })
  const [game] = fixture.games.values()
  if (!game) throw new Error('there is no game')
  const attachments = { types: ['image/png'], maxBytes: 100, maxCount: 3 }
  const direct = {
    ...game,
    config: { ...game.config, attachments: { ...attachments, direct: true } },
    can: { ...game.can, attachments },
  }
  const file = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
  const announcing = fixture.announce({ player: anonymous, game: direct, file, base: 'https://relay.example' })
  const refused = expect(announcing).rejects.toMatchObject({ code: 'erasure_under_way' })
  await asked.promise
  await fixture.deletions.ask(anonymous)
  await fixture.untilDone(anonymous)
  prepared.resolve()
  await refused
})

it('names to the studio what a browser may have put at the vendor and no vendor ticket carries', async () => {
  const moody = moodyVendor({ forgets: true })
  fixture = await openErasing('sqlite', { 'star-harbor': moody.vendor })
  const arrived = await fixture.open(anonymous, 'vendor-1')
  const refused = await fixture.write(anonymous, 'never taken')
  const message = (ticket: typeof arrived) => ticket.messages[0]?.id as MessageId
  await fixture.db.updateTable('messages').set({ chain_position: 1 }).where('id', '=', message(arrived)).execute()
  await putAtVendor('file-loose', null)
  await putAtVendor('file-refused', message(refused))
  await putAtVendor('file-arrived', message(arrived))
  await fixture.deletions.ask(anonymous)
  await fixture.untilDone(anonymous)
  const said = moody.asked.map(({ message }) => message).join('\n')
  expect(said).toContain('file-loose')
  expect(said).toContain('file-refused')
  expect(said).not.toContain('file-arrived')
  expect(moody.forgotten).toEqual(['vendor-1'])
  expect(await fixture.steps(anonymous)).toEqual(['asked', 'vendor-asked', 'studio-asked', 'relay-erased'])
})

/** As a browser does that was given an address for it. */
async function putAtVendor(vendorFileId: string, message_id: MessageId | null): Promise<void> {
  await fixture.db
    .insertInto('attachments')
    .values({
      id: `at-${vendorFileId}` as AttachmentId,
      game: anonymous.game,
      player: anonymous.key,
      ticket_id: null,
      message_id,
      file_name: 'a.png',
      file_type: 'image/png',
      file_size: 10,
      state: 'uploading',
      vendor_file_id: vendorFileId as VendorFileId,
      position: 0,
      created_at: fixture.time.clock.now().getTime(),
    })
    .execute()
}

/** A message whose answer was lost. @returns its mark */
async function sendUnsure(player: Identity, more: { unsure_since?: null; resent?: 1 } = {}): Promise<string> {
  const { id } = await fixture.write(player)
  const attempted = {
    attempts: 1,
    failures: 1,
    unsure_since: fixture.time.clock.now().getTime(),
    not_before: 8_640_000_000_000_000,
    ...more,
  }
  await fixture.db.updateTable('deliveries').set(attempted).where('ticket_id', '=', id).execute()
  const { mark } = await fixture.db.selectFrom('deliveries').select('mark').executeTakeFirstOrThrow()
  return mark
}
