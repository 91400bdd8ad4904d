/** Copying a ledger that never stands still. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { copyLedger } from '../../../server/backup/ledger-copy.ts'

it('ends though something is written at every moment, with all that was there when it began', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-copy-'))
  const writer = new DatabaseSync(join(folder, 'medkit.db'))
  writer.exec('pragma journal_mode = wal; create table rows (text text)')
  const insert = writer.prepare('insert into rows values (?)')
  writer.exec('begin')
  for (let count = 0; count < 20_000; count += 1) insert.run('x'.repeat(1_000))
  writer.exec('commit')
  let isOver = false
  const write = () => {
    insert.run('new')
    if (!isOver) setImmediate(write)
  }
  write()
  await copyLedger(join(folder, 'medkit.db'), join(folder, 'copy.db'))
  isOver = true
  await new Promise((resolve) => setImmediate(resolve))
  writer.close()
  const copy = new DatabaseSync(join(folder, 'copy.db'), { readOnly: true })
  expect(copy.prepare("select count(*) as count from rows where text <> 'new'").get()).toEqual({ count: 20_000 })
  expect(copy.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'delete' })
  copy.close()
  await rm(folder, { recursive: true })
})
