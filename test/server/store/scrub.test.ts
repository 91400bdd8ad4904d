/** What was deleted is in no file of the ledger any more, wherever its pages had been. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { migrations } from '../../../server/store/migrations.ts'
import { createSqlite } from '../../../server/store/sqlite.ts'
import type { Tables } from '../../../server/store/tables.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { until } from '../../fixtures/wait.ts'

let folder: string
let database: Database
const path = () => join(folder, 'medkit.db')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-scrub-'))
  database = await openDatabase(`sqlite:${path()}`)
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

/** How often a phrase stands in the ledger and its log. */
async function found(phrase: RegExp): Promise<number> {
  let count = 0
  for (const name of await readdir(folder))
    count += [...(await readFile(join(folder, name), 'latin1')).matchAll(phrase)].length
  return count
}

const rows = 3_000

/** Rows that grow and go in no order, so that pages are split and joined, and every second one is gone in the end. */
async function fill(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (change) => {
    for (let n = 0; n < rows; n += 1) {
      const fate = n % 2 === 0 ? 'doomed' : 'staying'
      const text = `${fate}-phrase ${'x'.repeat((n * 7_919) % 900)}`
      await sql`insert into mail_links values (${`hash-${n}`}, 'harbor', ${text}, ${n})`.execute(change)
      if (n > 20)
        await sql`update mail_links set email = email || ${'y'.repeat(90)} where hash = ${`hash-${n - 20}`}`.execute(
          change,
        )
    }
  })
  await db.transaction().execute(async (change) => {
    for (let n = 0; n < rows; n += 1) {
      const hash = `hash-${(n * 1_777) % rows}`
      await sql`delete from mail_links where hash = ${hash} and email like 'doomed%'`.execute(change)
    }
  })
}

it('nothing of what was deleted is left, and everything else is', async () => {
  await fill(database.db)
  expect(await found(/doomed-phrase/g)).toBeGreaterThan(0)
  await database.scrub()
  expect(await found(/doomed-phrase/g)).toBe(0)
  expect(await found(/staying-phrase/g)).toBe(rows / 2)
})

it('what is written meanwhile is there afterwards, and reading goes on', async () => {
  await fill(database.db)
  let isOver = false
  const scrubbed = Promise.all([database.scrub(), database.scrub()]).then(() => {
    isOver = true
  })
  let written = 0
  while (!isOver) {
    const hash = `meanwhile-${written}`
    await sql`insert into mail_links values (${hash}, 'harbor', 'meanwhile', 0)`.execute(database.db)
    const { rows } = await sql`select hash from mail_links where hash = ${hash}`.execute(database.db)
    expect(rows).toEqual([{ hash }])
    written += 1
  }
  await scrubbed
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from mail_links where email = 'meanwhile'`.execute(database.db)
  expect(rows[0]?.count).toBe(written)
  expect(await found(/doomed-phrase/g)).toBe(0)
})

it('waits for whoever still reads what was there before', async () => {
  await fill(database.db)
  await database.scrub()
  const reader = new DatabaseSync(path(), { readOnly: true })
  reader.exec('begin; select count(*) from mail_links')
  const scrubbed = database.scrub().then(() => reader.isTransaction)
  const log = async () => (await readFile(`${path()}-wal`, 'latin1')).matchAll(/staying-phrase/g)
  await until(async () => [...(await log())].length >= rows / 2, 'all of it is in the log')
  reader.exec('commit')
  const wasStillRead = await scrubbed
  reader.close()
  expect(wasStillRead).toBe(false)
  expect([...(await log())]).toEqual([])
})

it('a ledger from before is written anew when it is opened, once', async () => {
  await database.close()
  await rm(path())
  const old = new Kysely<Tables>({ dialect: createSqlite(path()).dialect })
  const all = migrations('sqlite')
  const before = Object.keys(all).filter((name) => name < '0012')
  await new Migrator({ db: old, provider: { getMigrations: async () => all } }).migrateTo(before.at(-1) ?? '')
  await sql`insert into events (player, type, created_at) values ('ada', 'unread', 0)`.execute(old)
  await fill(old)
  await old.destroy()
  expect(await found(/doomed-phrase/g)).toBeGreaterThan(0)

  const said: string[] = []
  const say = (...words: unknown[]) => void said.push(String(words.at(-1)))
  // It was made by the process's own bits, and is closed to others as well.
  const anew = () => said.filter((words) => words.includes('anew'))
  for (const opening of ['first', 'second']) {
    database = await openDatabase(`sqlite:${path()}`, { info: say, warn: say })
    expect(await found(/doomed-phrase/g)).toBe(0)
    expect(anew(), opening).toEqual([expect.stringMatching(/is written anew/), 'the ledger was written anew'])
    if (opening === 'first') await database.close()
  }
})

it('PostgreSQL is asked for a vacuum of what holds words', async () => {
  const postgres = await openDatabase(await freshDatabase())
  onTestFinished(() => postgres.close())
  await postgres.scrub()
  await until(async () => {
    const { rows } = await sql<{ relname: string }>`
      select relname from pg_stat_user_tables where last_vacuum is not null`.execute(postgres.db)
    return ['messages', 'tickets', 'players'].every((table) => rows.some(({ relname }) => relname === table))
  }, 'they are vacuumed')
})
