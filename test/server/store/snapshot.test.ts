/** Reads of one turn share a look at the ledger, and yet none misses what was committed before it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { type Database, openDatabase } from '../../../server/store/database.ts'
import { playerRows } from '../../../server/store/players.ts'
import type { PlayerKey, PlayerTable } from '../../../server/store/tables.ts'

const ada = 'ada' as PlayerKey
const row: PlayerTable = {
  player: ada,
  game: 'star-harbor',
  subject: 'ada',
  kind: 'verified',
  pseudonym: 'p-ada',
  name: null,
  email: null,
  locale: null,
  signed: '{}',
  merged_into: null,
  created_at: 0,
  seen_at: 0,
}
const nextTurn = () => new Promise(setImmediate)

let path: string
let database: Database

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-snapshot-'))
  path = `sqlite:${folder}/medkit.db`
  database = await openDatabase(path)
  onTestFinished(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
})

/** Reads in every turn, before and after whatever else that turn does, until it is told to stop. */
function readOn(players: ReturnType<typeof playerRows>): () => Promise<unknown> {
  let isOver = false
  const reader = async () => {
    while (!isOver) {
      await players.find(ada)
      await nextTurn()
    }
  }
  const readers = Promise.all([reader(), nextTurn().then(reader)])
  return () => {
    isOver = true
    return readers
  }
}

it('a write is seen by who reads right after it, however much is being read meanwhile', async () => {
  const players = playerRows(database.db)
  const stop = readOn(players)
  for (let n = 0; n < 50; n += 1) {
    await players.remember({ ...row, name: `Ada ${n}` })
    expect((await players.find(ada))?.name).toBe(`Ada ${n}`)
  }
  await stop()
})

it('so is a whole transaction', async () => {
  const players = playerRows(database.db)
  const stop = readOn(players)
  for (let n = 0; n < 50; n += 1) {
    await database.db.transaction().execute((within) => playerRows(within).remember({ ...row, name: `Ada ${n}` }))
    expect((await players.find(ada))?.name).toBe(`Ada ${n}`)
  }
  await stop()
})

it('what another process has committed is seen a turn later', async () => {
  const other = await openDatabase(path)
  onTestFinished(() => other.close())
  const players = playerRows(database.db)
  await players.find(ada)
  await playerRows(other.db).remember(row)
  await nextTurn()
  expect((await players.find(ada))?.player).toBe(ada)
})

it('nothing is held once the turn is over, so that the log can be brought home', async () => {
  const players = playerRows(database.db)
  await players.remember(row)
  const stop = readOn(players)
  await database.scrub()
  await stop()
  expect((await players.find(ada))?.player).toBe(ada)
})
