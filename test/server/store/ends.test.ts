/** Whatever the ledger keeps has an end, in every table, on both engines. */
import type { Insertable } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import type { AttachmentId, DeletionRequestId, MessageId, TicketId } from '../../../server/contract/ids.ts'
import { insertRows } from '../../../server/store/statement.ts'
import type { Tables } from '../../../server/store/tables.ts'
import { newPlayer } from '../../../server/tickets/new-rows.ts'
import type { VendorTicketId } from '../../../server/vendors/vendor.ts'
import { playerOf } from '../../fixtures/game.ts'
import { type Leaving, openLeaving } from '../../fixtures/inactive-players.ts'

let fixture: Leaving
afterEach(() => fixture.close())

/** Of the relay itself: as many rows as it has games and facts, and nothing of anybody's in them. */
const ofTheRelay = ['ledger_facts', 'readers', 'readiness', 'vendor_health']

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it('nothing of anybody is in any table of the ledger when they have stayed away for years', async () => {
    fixture = await openLeaving(engine)
    await fill(fixture)
    expect(await empty(), 'each table has something in it: fill a new one as well').toEqual([])
    // Words go first, then what leads to those at the vendor, then who wrote them.
    for (let year = 0; year < 6; year += 1) {
      fixture.pass(365)
      await fixture.sweep()
    }
    const isOfPlayers = (name: string) => !ofTheRelay.includes(name)
    expect(await empty()).toEqual((await names()).filter(isOfPlayers))
  })
})

async function names(): Promise<string[]> {
  const tables = await fixture.db.introspection.getTables()
  return tables
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('sqlite_') && !name.startsWith('desk_'))
    .sort()
}

async function empty(): Promise<string[]> {
  const found: string[] = []
  for (const name of await names()) {
    const row = await fixture.db
      .selectFrom(name as keyof Tables)
      .select((select) => select.lit(1).as('one'))
      .limit(1)
      .execute()
    if (row.length === 0) found.push(name)
  }
  return found
}

/** Something of one player's in each table. */
async function fill({ db, store, clock, open, pseudonymOf }: Leaving): Promise<void> {
  const [now, player] = [clock.now(), playerOf(1)]
  const { id: ticket_id, messages } = await open(player)
  const message_id = messages[0]?.id as MessageId
  const before = playerOf(2)
  await store.players.remember(newPlayer(before, pseudonymOf(before.game, before.subject), now))
  await store.players.mergeInto(before.key, player.key, now)
  await store.merges.add({ anonymous: before.key, verified: player.key, merged_at: now.getTime() })
  await store.players.endSession('session', now)
  await db.updateTable('deliveries').set({ state: 'stuck' }).execute()
  const request_id = 'request' as DeletionRequestId
  const rows: { [Table in keyof Tables]?: Insertable<Tables[Table]> } = {
    chains: {
      ticket_id,
      position: 1,
      game: player.game,
      vendor_ticket_id: 'vendor-1' as VendorTicketId,
      player: before.key,
      opened_at: 0,
    },
    attachments: file('loose' as AttachmentId, null),
    deletions: {
      id: request_id,
      game: player.game,
      player: player.key,
      status: 'done',
      requested_at: now.getTime(),
      begins_at: now.getTime(),
      due_at: now.getTime(),
      steps: '[]',
      lease_until: 0,
    },
    erasures: {
      request_id,
      kind: 'ticket',
      name: 'vendor-0',
      game: player.game,
      ticket_id,
      number: 'SH-1',
      player: before.key,
      message_id,
      state: 'unasked',
      settled_at: 0,
      told_by: null,
    },
    mail_links: { hash: 'link', game: player.game, email: 'ada@players.example', expires_at: now.getTime() },
    standing_links: { subject: 'email:ada', nonce: 'nonce', sent_at: now.getTime() },
    limits: { key: 'key', count: 1, ends_at: now.getTime() },
    spent_proofs: { challenge: 'challenge', used_for: 'ticket', expires_at: now.getTime() },
    recovery_keys: { hash: 'key', player: player.key, session_id: null, replaces: null, given_at: now.getTime() },
    copies: { ticket_id, name: 'vendor-2' },
    late_copies: {
      mark: 'mk-1',
      game: player.game,
      ticket_id,
      message_id,
      player: before.key,
      look_at: now.getTime(),
      looks: 0,
    },
    readers: { account: player.game, owner: 'a relay', lease_until: 0, watched_until: 0 },
    read_wishes: { account: player.game, ticket_id, position: 0, wished_at: now.getTime() },
    readiness: { id: 1, looks: 1 },
    vendor_health: { game: player.game, taken_at: now.getTime() },
    ledger_facts: { name: 'id', value: 'of the ledger' },
  }
  for (const [table, row] of Object.entries(rows)) await insertRows(db, table as keyof Tables, [row as never])
  await insertRows(db, 'attachments', [file('carried' as AttachmentId, ticket_id)])

  function file(id: AttachmentId, ticket: TicketId | null): Insertable<Tables['attachments']> {
    const what = { file_name: 'a.png', file_type: 'image/png', file_size: 4, state: 'ready' as const, reason: null }
    const on = { ticket_id: ticket, message_id: ticket && message_id, vendor_file_id: null, position: 0 }
    return { id, game: player.game, player: player.key, ...what, ...on, created_at: now.getTime() }
  }
}
