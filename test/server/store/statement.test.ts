/** Inserts that are put together once: a row of other columns must not be written by the statement of another. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AttachmentId, TicketId } from '../../../server/contract/ids.ts'
import { openDatabase } from '../../../server/store/database.ts'
import { insertRows } from '../../../server/store/statement.ts'
import type { PlayerKey } from '../../../server/store/tables.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'

describe.each(['sqlite', 'postgres'])('On %s', (engine) => {
  it('a row with as many columns as the one before, but others, is written as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medkit-statement-'))
    const database = await openDatabase(engine === 'postgres' ? await freshDatabase() : `sqlite:${folder}/medkit.db`)
    onTestFinished(async () => {
      await database.close()
      await rm(folder, { recursive: true })
    })
    const { db } = database
    const row = { player: 'ada' as PlayerKey, type: 'ticket-changed' as const, created_at: 7 }
    await insertRows(db, 'events', [{ ...row, ticket_id: 'of-a-ticket' as TicketId }])
    await insertRows(db, 'events', [{ ...row, attachment_id: 'of-a-file' as AttachmentId }])
    const kept = await db.selectFrom('events').select(['ticket_id', 'attachment_id']).orderBy('sequence').execute()
    expect(kept).toEqual([
      { ticket_id: 'of-a-ticket', attachment_id: null },
      { ticket_id: null, attachment_id: 'of-a-file' },
    ])
  })
})
