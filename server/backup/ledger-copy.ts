/** A copy of a ledger that a relay is writing to, and what a copy that comes back has to know. */
import { writeFile } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../store/database.ts'
import { BackupRefused } from './manifest.ts'

/**
 * In one step, because SQLite begins anew with each commit that comes between two; under a relay that is busy it would
 * never end. Writers are not held up: they write into the log.
 */
const allPages = 2_147_483_647

/** All that was committed when this began is in it: one plain file, for its owner alone. @throws BackupRefused */
export async function copyLedger(from: string, to: string): Promise<void> {
  await writeFile(to, '', { mode: 0o600, flag: 'wx' })
  const source = new DatabaseSync(from, { readOnly: true })
  try {
    await backup(source, to, { rate: allPages })
  } finally {
    source.close()
  }
  const copied = new DatabaseSync(to)
  try {
    copied.exec('pragma journal_mode = delete')
    const { quick_check } = copied.prepare('pragma quick_check').get() ?? {}
    if (quick_check !== 'ok') throw new BackupRefused(`The ledger ${from} is damaged: ${String(quick_check)}`)
  } finally {
    copied.close()
  }
}

/** Ids of the whole files a ledger names, players' and agents'. Uploads that are not at their end begin again. */
export function filesNamedIn(ledger: string): string[] {
  const database = new DatabaseSync(ledger, { readOnly: true })
  try {
    const rows = database
      .prepare(
        `select id from attachments where vendor_file_id is null and state in ('checking', 'ready')
         union select id from desk_files`,
      )
      .all()
    return rows.map(({ id }) => String(id))
  } finally {
    database.close()
  }
}

/**
 * What waits in a ledger that comes back may have been delivered since the copy was made: the vendors are asked for it
 * before it is sent, as after an attempt whose end nobody saw.
 */
export async function doubtDeliveries(ledger: string, now: Date): Promise<void> {
  const { db, close } = await openDatabase(`sqlite:${ledger}`)
  try {
    await db
      .updateTable('deliveries')
      .set({ unsure_since: now.getTime(), looks: 0 })
      .where('unsure_since', 'is', null)
      .execute()
    await db.updateTable('deliveries').set({ lease_owner: null, lease_until: 0 }).execute()
  } finally {
    await close()
  }
}
