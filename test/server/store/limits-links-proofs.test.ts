/** Counts, sign-in links and spent proofs in the ledger: the same on both engines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { createTestClock, type TestClock } from '../../fixtures/studio.ts'

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  let folder: string
  let database: Database
  let store: Store
  let clock: TestClock

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'medkit-limits-'))
    database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
    store = createStore(database)
    clock = createTestClock()
  })

  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const count = (key = 'a', by = 1) => store.limits.count(key, 10_000, by, clock.now())

  it('each key has a count and a window of its own, which begins anew when it is over', async () => {
    expect(await count()).toEqual({ count: 1, endsInMs: 10_000 })
    clock.pass(4_000)
    expect(await count('a', 5)).toEqual({ count: 6, endsInMs: 6_000 })
    expect(await count('b')).toEqual({ count: 1, endsInMs: 10_000 })
    clock.pass(6_000)
    expect(await count()).toEqual({ count: 1, endsInMs: 10_000 })
  })

  it('a hundred at once are counted as a hundred', async () => {
    const counted = await Promise.all(Array.from({ length: 100 }, () => count()))
    expect(counted.map((each) => each.count).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
  })

  it('what is over is swept out: counts, links, proofs', async () => {
    const expiresAt = new Date(clock.now().getTime() + 1_000)
    await count()
    await store.mailLinks.save({ hash: 'h', game: 'g', email: 'ada@players.example', expiresAt })
    const proof = { challenge: 'c', used_for: 'one', expires_at: expiresAt.getTime() }
    expect(await store.proofs.spend(proof)).toBe(true)
    clock.pass(20_000)
    for (const rows of [store.limits, store.mailLinks, store.proofs]) await rows.sweep(clock.now())
    expect((await count()).count).toBe(1)
    expect(await store.mailLinks.take('h')).toBeUndefined()
    expect(await store.proofs.spend({ ...proof, used_for: 'another' })).toBe(true)
  })

  it('one of ten takes a link, and one spends a proof', async () => {
    const link = { hash: 'h', game: 'g', email: 'ada@players.example', expiresAt: clock.now() }
    await store.mailLinks.save(link)
    const taken = await Promise.all(Array.from({ length: 10 }, () => store.mailLinks.take('h')))
    expect(taken.filter(Boolean)).toEqual([link])
    const spent = await Promise.all(
      Array.from({ length: 10 }, (_, n) => store.proofs.spend({ challenge: 'c', used_for: `${n}`, expires_at: 9 })),
    )
    expect(spent.filter(Boolean)).toHaveLength(1)
  })
})
