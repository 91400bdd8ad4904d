/** What PostgreSQL calls off passes: it is the ledger's trouble, and not a mistake of ours. */
import { sql, type Transaction } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { isStoreFailure } from '../../../server/store/errors.ts'
import type { Tables } from '../../../server/store/tables.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { until } from '../../fixtures/wait.ts'

let database: Database

beforeEach(async () => {
  database = await openDatabase(await freshDatabase())
})

afterEach(() => database.close())

const mail = { game: 'harbor', email: 'ada@players.example', expires_at: 1 }
const put = (db: Database['db'], hash: string) =>
  db
    .insertInto('mail_links')
    .values({ hash, ...mail })
    .execute()

const troubles: Record<string, (db: Transaction<Tables>) => Promise<unknown>> = {
  'A statement that takes too long': async (db) => {
    await sql`set local statement_timeout = 50`.execute(db)
    await sql`select pg_sleep(60)`.execute(db)
  },
  'A row that another holds for too long': async (db) => {
    await put(database.db, 'held')
    await sql`set local lock_timeout = 50`.execute(db)
    await db.updateTable('mail_links').set({ expires_at: 2 }).execute()
    const other = database.db.transaction().execute(async (rival) => {
      await sql`set local lock_timeout = 50`.execute(rival)
      await rival.updateTable('mail_links').set({ expires_at: 3 }).execute()
    })
    await other
  },
  'A transaction that did nothing for too long': async (db) => {
    await sql`set local idle_in_transaction_session_timeout = 50`.execute(db)
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
    const isGone = async () =>
      (await sql`select from pg_stat_activity where pid = ${rows[0]?.pid}`.execute(database.db)).rows.length === 0
    await until(isGone, 'PostgreSQL has ended it')
    await put(db, 'late')
  },
  'A database that is read only for now': async (db) => {
    await sql`set transaction read only`.execute(db)
    await put(db, 'refused')
  },
}

it.each(Object.keys(troubles))('%s is trouble that passes, and the next transaction works', async (name) => {
  const failed = database.db.transaction().execute(async (db) => {
    await put(db, 'undone')
    await troubles[name]?.(db)
  })
  const error = await failed.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toSatisfy(isStoreFailure)
  await database.db.transaction().execute((db) => put(db, 'done'))
  const kept = await database.db.selectFrom('mail_links').select('hash').execute()
  expect(kept.map(({ hash }) => hash)).toEqual(expect.not.arrayContaining(['undone', 'late', 'refused']))
  expect(kept.map(({ hash }) => hash)).toContain('done')
})

it('A mistake in a statement is none', async () => {
  const error = await sql`select nonsense`.execute(database.db).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(Error)
  expect(isStoreFailure(error)).toBe(false)
})

it('A transaction is not done when one of its statements failed, though nobody noticed', async () => {
  const swallowing = database.db.transaction().execute(async (db) => {
    await put(db, 'undone')
    await sql`select nonsense`.execute(db).catch(() => undefined)
  })
  await expect(swallowing).rejects.toThrow()
  expect(await database.db.selectFrom('mail_links').select('hash').execute()).toEqual([])
})

it('More transactions at once than there are connections all come to their end', async () => {
  const many = Array.from({ length: 60 }, (_, index) =>
    database.db.transaction().execute((db) => put(db, String(index))),
  )
  await Promise.all(many)
  expect(await database.db.selectFrom('mail_links').select('hash').execute()).toHaveLength(60)
})
