/** Players who stay away: what is kept as long as somebody needs it, and goes when nobody does, on both engines. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeletionRequestId, TicketId } from '../../../server/contract/ids.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import type { Identity } from '../../../server/players/identity.ts'
import { rememberKey } from '../../../server/players/recovery-session.ts'
import { playerKey } from '../../../server/store/players.ts'
import { insertRows } from '../../../server/store/statement.ts'
import { newPlayer } from '../../../server/tickets/new-rows.ts'
import type { VendorTicketId } from '../../../server/vendors/vendor.ts'
import { playerOf } from '../../fixtures/game.ts'
import { type Leaving, openLeaving } from '../../fixtures/inactive-players.ts'

let fixture: Leaving
afterEach(() => fixture.close())

const ada: Identity = { ...playerOf(0), subject: 'ada', key: playerKey('star-harbor', 'ada'), kind: 'verified' }
const withKey = (n: number): Identity => ({ ...playerOf(n), recoveryHash: `recovery-${n}`, sessionId: `session-${n}` })
const years = (count: number) => count * 365

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  beforeEach(async () => {
    fixture = await openLeaving(engine)
  })

  const remember = async (player: Identity) => {
    const row = newPlayer(player, fixture.pseudonymOf(player.game, player.subject), fixture.clock.now())
    await fixture.store.players.remember(row)
    await rememberKey(fixture.store, player, fixture.clock.now())
  }
  const link = (ticket: Conversation, opener: Identity) =>
    fixture.store.tickets.link({
      ticket_id: ticket.id,
      position: 1,
      game: opener.game,
      vendor_ticket_id: `vendor-of-${ticket.id}` as VendorTicketId,
      player: opener.key,
      opened_at: 0,
    })

  it('who has nothing here goes once no token of theirs can be good, with their address, unless they were seen', async () => {
    const [mailed, seen] = [{ ...playerOf(1), kind: 'email' as const, email: 'ada@players.example' }, withKey(2)]
    const unseen = withKey(3)
    for (const player of [mailed, seen, unseen, ada]) await remember(player)
    fixture.pass(30)
    fixture.lastSeen.note(seen.key)
    await fixture.sweep()
    expect(await fixture.players()).toHaveLength(4)
    fixture.pass(2.1)
    await fixture.sweep()
    expect(await fixture.players()).toEqual([seen.subject])
    const keys = await fixture.db.selectFrom('recovery_keys').select('hash').execute()
    expect(keys).toEqual([{ hash: 'recovery-2' }])
  })

  it('that somebody was seen is written once a day', async () => {
    await remember(ada)
    const seenAt = async () => {
      fixture.lastSeen.note(ada.key)
      await fixture.lastSeen.flush()
      return Number((await fixture.store.players.find(ada.key))?.seen_at)
    }
    const first = await seenAt()
    fixture.pass(0.9)
    expect(await seenAt()).toBe(first)
    fixture.pass(0.2)
    expect(await seenAt()).toBe(fixture.clock.now().getTime())
  })

  it('a ticket without text leads its player to the vendor for three years after they were last seen', async () => {
    const players = [ada, withKey(1)]
    for (const player of players) await link(await fixture.open(player), player)
    await fixture.grow()
    for (const year of [1, 2]) {
      fixture.pass(365)
      await fixture.sweep()
      expect(await fixture.numbers(), `year ${year}`).toHaveLength(2)
    }
    fixture.lastSeen.note(ada.key)
    await fixture.lastSeen.flush()
    fixture.pass(365)
    await fixture.sweep()
    expect(await fixture.players()).toEqual(['ada'])
    expect(await fixture.numbers()).toHaveLength(1)
    expect(await fixture.db.selectFrom('chains').select('player').execute()).toEqual([{ player: ada.key }])
    fixture.pass(years(2) + 1)
    await fixture.sweep()
    expect([await fixture.players(), await fixture.numbers()]).toEqual([[], []])
    expect(await fixture.db.selectFrom('chains').select('player').execute()).toEqual([])
  })

  it('one whose player has no key to come back with goes with their last token', async () => {
    await fixture.open(playerOf(1))
    await fixture.grow()
    expect(await fixture.numbers()).toHaveLength(1)
    fixture.pass(2)
    await fixture.sweep()
    expect([await fixture.players(), await fixture.numbers()]).toEqual([[], []])
  })

  it('a ticket with text keeps its player, and so does what waits, is stuck or is being erased', async () => {
    const [told, stuck, erased] = [playerOf(1), playerOf(2), playerOf(3)]
    await remember(erased)
    const requested = { begins_at: 0, due_at: 0, requested_at: 0, steps: '[]', lease_until: 0 }
    const request = { id: 'request' as DeletionRequestId, game: erased.game, player: erased.key, ...requested }
    await fixture.store.deletions.add({ ...request, status: 'waiting' })
    const { id } = await fixture.open(stuck)
    await fixture.db.updateTable('deliveries').set({ state: 'stuck' }).execute()
    await fixture.open(told)
    await fixture.db.updateTable('tickets').set({ emptied: 1 }).where('id', '=', id).execute()
    fixture.pass(years(4))
    await fixture.leave()
    expect(await fixture.players()).toEqual([told, stuck, erased].map(({ subject }) => subject))
    expect(await fixture.numbers()).toHaveLength(2)
  })

  it('as whom a ticket was opened is known as long as the ticket is', async () => {
    const before = withKey(1)
    const ticket = await fixture.open(before)
    await link(ticket, before)
    await remember(ada)
    await fixture.store.transaction(async (ledger) => {
      await ledger.players.mergeInto(before.key, ada.key, fixture.clock.now())
      await ledger.merges.move({ anonymous: before.key, verified: ada.key })
    })
    await fixture.grow()
    fixture.pass(years(1))
    await fixture.sweep()
    expect(await fixture.players()).toEqual(['ada', before.subject])
  })

  it('whoever writes while others are swept keeps their ticket, themselves and their place in the outbox', async () => {
    const players = Array.from({ length: 40 }, (_, n) => withKey(n))
    const [back, returning] = [players.slice(0, 20), players.slice(20)]
    for (const player of back) await remember(player)
    const shells = new Map<Identity, Conversation>()
    for (const player of returning) shells.set(player, await fixture.open(player))
    await fixture.grow()
    fixture.pass(years(4))
    let racing: Promise<unknown> = Promise.resolve()
    const write = (player: Identity) => {
      const shell = shells.get(player)
      return shell ? fixture.reply(player, shell.id) : fixture.open(player)
    }
    await fixture.leave(async () => {
      await Promise.all([...back.slice(0, 10), ...returning.slice(0, 10)].map(write))
      racing = Promise.allSettled([...back.slice(10), ...returning.slice(10)].map(write))
    })
    await racing
    const waiting = await fixture.db
      .selectFrom('deliveries')
      .innerJoin('tickets', 'tickets.id', 'deliveries.ticket_id')
      .innerJoin('players', 'players.player', 'tickets.player')
      .innerJoin('messages', 'messages.id', 'deliveries.message_id')
      .select('players.subject')
      .execute()
    const sent = await fixture.db.selectFrom('deliveries').select('sequence').execute()
    expect(waiting).toHaveLength(sent.length)
    const subjects = waiting.map(({ subject }) => subject)
    // A reply to what had just gone is refused.
    for (const player of [...back, ...returning.slice(0, 10)]) expect(subjects).toContain(player.subject)
  })

  it('who stays is in nobody’s way, however many they are', async () => {
    const [stays, goes] = [1_200, 700]
    for (let from = 0; from < stays + goes; from += 100) {
      const players = Array.from({ length: 100 }, (_, n) => playerOf(from + n))
      const rows = players.map((player) => ({ ...newPlayer(player, 'pseudonym', fixture.clock.now()), seen_at: 1 }))
      await insertRows(fixture.db, 'players', rows)
      if (from < stays) await insertRows(fixture.db, 'chains', players.map(chainOf))
    }
    for (let round = 0; round < 4; round += 1) await fixture.sweep()
    expect(await fixture.players()).toHaveLength(stays)
  })
})

/** A vendor ticket of theirs. */
function chainOf({ game, key: player, subject }: Identity) {
  const [ticket_id, vendor_ticket_id] = [`ticket of ${subject}` as TicketId, `vendor of ${subject}` as VendorTicketId]
  return { ticket_id, position: 1, game, vendor_ticket_id, player, opened_at: 0 }
}
