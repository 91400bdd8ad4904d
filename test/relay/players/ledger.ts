/** What a relay's ledger holds, to tell whether something was changed. */
import { DatabaseSync } from 'node:sqlite'

/** Written by whoever only signs in or out, or by the outbox on its own. */
const besides = ['ended_sessions', 'kysely_migration', 'kysely_migration_lock', 'sqlite_sequence', 'limits']

/** @returns every row of every table that stands for something of a player's */
export function snapshot(folder: string): Record<string, Record<string, unknown>[]> {
  const database = new DatabaseSync(`${folder}/medkit.db`, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table' order by name").all()
    const names = tables.map(({ name }) => String(name)).filter((name) => !besides.includes(name))
    return Object.fromEntries(
      names.map((name) => [name, database.prepare(`select * from "${name}" order by 1, 2`).all()]),
    )
  } finally {
    database.close()
  }
}
