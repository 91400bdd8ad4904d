/** A ledger that others are writing to is waited for, and not called broken. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../server/store/database.ts'

it('opens once whoever holds the lock for longer than a request would wait lets go of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-opening-'))
  const path = join(folder, 'medkit.db')
  const holder = new DatabaseSync(path)
  onTestFinished(() => rm(folder, { recursive: true }))
  holder.exec('pragma journal_mode = wal; begin immediate; create table held (id integer)')

  const opening = openDatabase(`sqlite:${path}`)
  await setTimeout(3_000)
  holder.exec('commit')
  holder.close()

  const database = await opening
  expect(await database.db.selectFrom('tickets').selectAll().execute()).toEqual([])
  await database.close()
})
