/** For how long a file waits, whatever comes first: its last byte, its verdict, or the delivery of its message. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttachmentId, MessageId, TicketId } from '../../../server/contract/ids.ts'
import { createNetworkNames } from '../../../server/files/quota.ts'
import { randomId } from '../../../server/runtime/random.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import type { PlayerKey } from '../../../server/store/tables.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { until } from '../../fixtures/wait.ts'

describe.each(['sqlite', 'postgres'])('On %s, a file waits', (engine) => {
  let folder: string
  let database: Database
  let store: Store
  let url: string
  let position: number

  beforeEach(async () => {
    position = 0
    folder = await mkdtemp(join(tmpdir(), 'medkit-waiting-'))
    url = engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`
    database = await openDatabase(url)
    store = createStore(database)
  })
  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const player = 'ada' as PlayerKey
  const ticket = 'T'.repeat(22) as TicketId
  const waits = async () => (await store.attachments.waiting())[0]?.bytes ?? 0

  function announce(at: Store, id: AttachmentId, network = 'network', address = 1e9) {
    const row = {
      id,
      game: 'star',
      player,
      ticket_id: null,
      message_id: null,
      file_name: 'a.png',
      file_type: 'image/png',
      file_size: 1_000,
      state: 'uploading' as const,
      reason: null,
      vendor_file_id: null,
      position: 0,
      created_at: 1,
      waiting_from: network,
      from_stranger: 0,
    }
    const all = { network: address, game: 1e9, disk: undefined }
    return at.transaction((ledger) => ledger.attachments.announce(row, { count: 1_000, bytes: 1e9 }, all), 'files')
  }

  /** Announced, and on a message that is on its way. */
  async function fileOnMessage(): Promise<{ file: AttachmentId; message: MessageId }> {
    const [file, message] = [randomId() as AttachmentId, randomId() as MessageId]
    expect(await announce(store, file)).toBe('taken')
    await store.messages.add({
      id: message,
      ticket_id: ticket,
      position: position++,
      author: 'player',
      text: 'My sword is gone',
      sent_at: 1,
      delivery: 'received',
    })
    await store.attachments.carry(file, player, { ticket_id: ticket, message_id: message, position: 0 })
    return { file, message }
  }

  const deliver = (message: MessageId, work: () => Promise<unknown> = async () => {}) =>
    store.transaction(async (ledger) => {
      await ledger.messages.change(message, { delivery: 'delivered' })
      await ledger.attachments.handOver(message)
      await work()
    })
  const settle = (file: AttachmentId, work: () => Promise<unknown> = async () => {}) =>
    store.transaction(async (ledger) => {
      await ledger.attachments.settle(file, { state: 'ready' })
      await work()
    })

  it('until its message is delivered, where it is whole by then', async () => {
    const { file, message } = await fileOnMessage()
    await settle(file)
    expect(await waits()).toBe(1_000)
    await deliver(message)
    expect(await waits()).toBe(0)
    expect((await store.attachments.find(file))?.waiting_from).toBeNull()
  })

  it('until it is whole, where its message was delivered without it', async () => {
    const { file, message } = await fileOnMessage()
    await deliver(message)
    expect(await waits()).toBe(1_000)
    await settle(file)
    expect(await waits()).toBe(0)
  })

  it('until it is refused, lost or with the vendor, on a message or not', async () => {
    const refused = await fileOnMessage()
    await store.attachments.settle(refused.file, { state: 'refused', reason: 'infected' })
    const lost = await fileOnMessage()
    await settle(lost.file)
    await store.attachments.markLost(lost.file)
    const elsewhere = await fileOnMessage()
    await store.attachments.placeAtVendor(elsewhere.file, 'there' as never)
    expect(await waits()).toBe(0)
  })

  it('no longer where both happen at the same moment, whichever ends first', async () => {
    for (const first of ['verdict', 'delivery'] as const) {
      const { file, message } = await fileOnMessage()
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: inside, resolve: isInside } = Promise.withResolvers<void>()
      const hold = () => {
        isInside()
        return held
      }
      const one = first === 'verdict' ? settle(file, hold) : deliver(message, hold)
      await inside
      const other = first === 'verdict' ? deliver(message) : settle(file)
      if (engine === 'postgres') await until(isSomebodyWaiting, 'the other waits for the row')
      letGo()
      await Promise.all([one, other])
      expect(await waits()).toBe(0)
    }
  })

  it('and is counted by all relays together, that announce at once', async () => {
    // Only PostgreSQL has several.
    const others = await Promise.all((engine === 'postgres' ? [1, 2, 3] : []).map(() => openDatabase(url)))
    const stores = [store, ...others.map((other) => createStore(other))]
    const room = 10 * (1_000 + 256 * 1_024)
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        announce(stores[n % stores.length] ?? store, randomId() as AttachmentId, 'one network', room),
      ),
    )
    for (const other of others) await other.close()
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(10)
    expect(outcomes.filter((outcome) => outcome === 'no_room')).toHaveLength(30)
  })

  async function isSomebodyWaiting(): Promise<boolean> {
    const { sql } = await import('kysely')
    const { rows } = await sql<{ count: string }>`
      select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
      database.db,
    )
    return Number(rows[0]?.count) > 0
  }
})

describe('A network’s name', () => {
  const name = createNetworkNames([Buffer.alloc(32, 'one secret')])

  it('is one for all addresses that somebody has in a row, and tells nobody which', () => {
    expect(name('203.0.113.7')).toBe(name('::ffff:203.0.113.250'))
    expect(name('203.0.113.7')).not.toBe(name('203.0.114.7'))
    expect(name('2001:db8:1:2::1')).toBe(name('2001:db8:1:ffff:ffff::9'))
    expect(name('2001:db8:1::')).toBe(name('2001:db8:1:2::1'))
    expect(name('2001:db8:1:2::1')).not.toBe(name('2001:db8:2:2::1'))
    expect(name('203.0.113.7')).not.toBe(createNetworkNames([Buffer.alloc(32, 'another')])('203.0.113.7'))
    expect(name('203.0.113.7')).toMatch(/^[\w-]{22}$/)
    expect(name(undefined)).toBe('')
  })
})
