/** What has had its time goes, in batches, and nothing else. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../server/store/database.ts'
import { createStore } from '../../../server/store/store.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

describe.each(['sqlite', 'postgres'])('On %s, a sweep', (engine) => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500])('takes %d that are past, and none that is not', async (past) => {
    const folder = await mkdtemp(join(tmpdir(), 'medkit-sweep-'))
    const database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
    onTestFinished(async () => {
      await database.close()
      await rm(folder, { recursive: true })
    })
    const { mailLinks } = createStore(database)
    const link = (hash: string, expires_at: number) => ({
      hash,
      game: 'harbor',
      email: 'ada@players.example',
      expires_at,
    })
    // Some at the same moment, around the ends of batches as well.
    const rows = Array.from({ length: past }, (_, n) => link(`past-${n}`, Math.floor(n / 3)))
    rows.push(link('now', 5_000), link('later', 5_001))
    for (let from = 0; from < rows.length; from += 500)
      await database.db
        .insertInto('mail_links')
        .values(rows.slice(from, from + 500))
        .execute()
    await mailLinks.sweep(new Date(5_000))
    const kept = await database.db.selectFrom('mail_links').select('hash').orderBy('expires_at').execute()
    expect(kept.map(({ hash }) => hash)).toEqual(['now', 'later'])
  })
})
