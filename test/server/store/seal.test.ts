/** What an erasure leaves of its player: hashes under the ledger's key, however many. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { playerKey } from '../../../server/store/players.ts'
import { createStore } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

const ada = playerKey('star-harbor', 'ada')
/** More than one statement takes. */
const keys = 6_000

let database: Database
let folder: string

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(engine: 'sqlite' | 'postgres') {
  folder = await mkdtemp(join(tmpdir(), 'medkit-seal-'))
  database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
  const store = createStore(database)
  await store.facts.keep('receipt key', () => 'A'.repeat(43))
  return store
}

describe.each(['sqlite', 'postgres'] as const)('On %s', (engine) => {
  it('a player has all keys forgotten, and none is taken once more', async () => {
    const store = await open(engine)
    await store.transaction(async ({ idempotency }) => {
      for (let n = 0; n < keys; n += 1) {
        const row = {
          player: ada,
          route: '/v1/tickets',
          key: `key-${n}`,
          fingerprint: 'print',
          answer: '{}',
          created_at: n,
        }
        await idempotency.add(row)
      }
    })
    await store.transaction((ledger) => ledger.idempotency.forget(ada))
    for (const n of [0, keys - 1]) expect(await store.idempotency.isErased(ada, '/v1/tickets', `key-${n}`)).toBe(true)
    expect(await store.idempotency.isErased(ada, '/v1/tickets', 'another')).toBe(false)
  })
})
