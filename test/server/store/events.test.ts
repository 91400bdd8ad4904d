/** Events in the ledger, kept for streams that come back: the same on both engines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

const ada = playerKey('star-harbor', 'ada')

describe.each(['sqlite', 'postgres'])('On %s, of the events', (engine) => {
  let folder: string
  let database: Database
  let store: Store

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'medkit-events-'))
    database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
    store = createStore(database)
    for (const time of [1_000, 2_000, 3_000]) await store.events.add(ada, new Date(time), { type: 'unread' })
  })

  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const times = async () => (await store.events.since(ada, 0, 10)).map(({ created_at }) => Number(created_at))

  it('the old are swept and the others stay', async () => {
    await store.events.sweep(new Date(2_000))
    expect(await times()).toEqual([2_000, 3_000])
    await store.events.sweep(new Date(2_000))
    expect(await times()).toEqual([2_000, 3_000])
  })

  it('all are swept when all are old, and no number is given out again', async () => {
    const { newest } = await store.events.range()
    await store.events.sweep(new Date(4_000))
    expect(await times()).toEqual([])
    await store.events.add(ada, new Date(5_000), { type: 'unread' })
    expect((await store.events.range()).oldest).toBeGreaterThan(newest)
  })

  it('all the old are swept however many they are, past one that a relay with a fast clock has written', async () => {
    const rows = Array.from({ length: 3_500 }, (_, n) => ({
      type: 'unread' as const,
      player: ada,
      created_at: 5_000 + n,
    }))
    await store.events.add(ada, new Date(9_999_999), { type: 'unread' })
    for (let from = 0; from < rows.length; from += 500)
      await database.db
        .insertInto('events')
        .values(rows.slice(from, from + 500))
        .execute()
    await store.events.sweep(new Date(8_000))
    expect(await times()).toEqual([9_999_999, ...rows.slice(3_000, 3_009).map((row) => row.created_at)])
  })

  it('those after a sequence say once whose they are', async () => {
    const { newest } = await store.events.range()
    const bob = playerKey('star-harbor', 'bob')
    for (const player of [bob, ada, bob]) await store.events.add(player, new Date(4_000), { type: 'unread' })
    expect([...(await store.events.playersSince(newest))].toSorted()).toEqual([ada, bob].toSorted())
    expect(await store.events.playersSince(newest + 3)).toEqual(new Set())
  })
})
