/** Recovery keys in the ledger: those from before they were replaced are good still. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../server/store/database.ts'
import { migrations } from '../../../server/store/migrations.ts'
import { createPostgresDialect } from '../../../server/store/postgres.ts'
import { createSqlite } from '../../../server/store/sqlite.ts'
import { createStore } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

it.each(['sqlite', 'postgres'] as const)('On %s a key from before is its player’s still', async (engine) => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-keys-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'medkit.db')
  const url = engine === 'sqlite' ? `sqlite:${path}` : await freshDatabase()
  const old = new Kysely<unknown>({
    dialect: engine === 'sqlite' ? createSqlite(path).dialect : createPostgresDialect(url, { isForMigrations: true }),
  })
  const all = migrations(engine)
  const before = Object.keys(all).filter((name) => name < '0016')
  await new Migrator({ db: old, provider: { getMigrations: async () => all } }).migrateTo(before.at(-1) ?? '')
  await sql`
    insert into players (player, game, subject, kind, pseudonym, signed, recovery_hash, created_at)
    values ('ada', 'harbor', 'anon:1', 'anonymous', 'p', '{}', 'hash', 1), ('bob', 'harbor', 'bob', 'verified', 'q', '{}', null, 1)
  `.execute(old)
  await old.destroy()

  const database = await openDatabase(url)
  onTestFinished(() => database.close())
  const store = createStore(database)
  expect(await store.recoveryKeys.find('harbor', 'hash')).toMatchObject({ player: 'ada', subject: 'anon:1' })
  expect(await store.recoveryKeys.find('elsewhere', 'hash')).toBeUndefined()
  expect(await database.db.selectFrom('recovery_keys').select('player').execute()).toEqual([{ player: 'ada' }])
})
