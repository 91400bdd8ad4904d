/** What the ledger knows of itself, and that all relays on it know the same. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptNameKeys } from '../../../server/players/name-keys.ts'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { createStore, type Store } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

describe.each(['sqlite', 'postgres'])('On %s, relays that start at once', (engine) => {
  let folder: string
  let databases: Database[]
  let stores: Store[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'medkit-facts-'))
    const url = engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`
    databases = [await openDatabase(url)]
    // Only PostgreSQL has several.
    if (engine === 'postgres') databases.push(...(await Promise.all([1, 2, 3].map(() => openDatabase(url)))))
    stores = [...databases, ...databases].map((database) => createStore(database))
  })

  afterEach(async () => {
    for (const database of databases) await database.close()
    await rm(folder, { recursive: true })
  })

  it('make one id of the ledger', async () => {
    let made = 0
    const ids = await Promise.all(stores.map(({ facts }) => facts.keep('id', () => `id-${++made}`)))
    expect(new Set(ids).size).toBe(1)
    expect(await stores[0]?.facts.keep('id', () => 'another')).toBe(ids[0])
  })

  it('name players alike, whichever secrets each was given', async () => {
    const keys = await Promise.all(
      stores.map((store, index) => keptNameKeys(store, [Buffer.alloc(32, `secret ${index}`)])),
    )
    expect(new Set(keys.map(({ pseudonym }) => Buffer.from(pseudonym).toString('hex'))).size).toBe(1)
    expect(new Set(keys.map(({ mailbox }) => Buffer.from(mailbox).toString('hex'))).size).toBe(1)
    expect(keys[0]?.pseudonym).not.toEqual(keys[0]?.mailbox)
  })
})
