/** What files take that wait for a message to take them on, summed in the ledger: by network, by game, and of those to come. */
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Tables } from './tables.ts'

/** What may wait in all, whoever has announced it; in bytes, each file with {@link bytesBesideFile}. */
export interface WaitingBounds {
  /** Of the network that the file is announced from. */
  network: number
  game: number
  /** For bytes that are yet to come, of all games; undefined where no disk of the relay's takes them. */
  disk: number | undefined
}

/** What a file takes beside its bytes, so that a hundred thousand of one byte are not cheap to have and dear to count. */
const bytesBesideFile = 256 * 1_024

/** Who announces how much. */
export interface Announced {
  game: string
  file_size: number
  /** A name for the network it comes from; empty where that is unknown. */
  waiting_from: string
  /** 1: nobody vouches for whoever announces it, and the vendor has nothing of theirs yet. */
  from_stranger: number
}

type Measured = SelectQueryBuilder<Tables, 'attachments', { count: number; bytes: number }>

export function measured(db: Kysely<Tables>): Measured {
  return db
    .selectFrom('attachments')
    .select((select) => [select.fn.countAll<number>().as('count'), select.fn.sum<number>('file_size').as('bytes')])
}

/** Both engines answer numbers too large for a float as text, and the sum of nothing as null. */
export async function measure(query: Measured): Promise<{ count: number; bytes: number }> {
  const { count, bytes } = await query.executeTakeFirstOrThrow()
  return { count: Number(count), bytes: Number(bytes ?? 0) }
}

/**
 * Whether there is room for one file more. Each sum is read off an index of its own, and only of what waits.
 *
 * One rule, twice: no network has more than it leaves to all others, and neither have all strangers together. However few
 * flood, there is something left for the next; however many, there is for those who are known.
 */
export async function hasRoom(
  db: Kysely<Tables>,
  { game, file_size, waiting_from, from_stranger }: Announced,
  bounds: WaitingBounds,
): Promise<boolean> {
  const waiting = measured(db).where('waiting_from', 'is not', null)
  const size = file_size + bytesBesideFile
  const ofGame = bounds.game - (await takenUp(waiting.where('game', '=', game)))
  // Written out, because an index of only these is not found by a parameter.
  const coming = waiting.where('state', '=', sql.lit('uploading'))
  const onDisk = bounds.disk === undefined ? ofGame : bounds.disk - (await takenUp(coming))
  const left = Math.min(ofGame, onDisk) - size
  if (left < 0) return false
  if (from_stranger === 1) {
    const ofStrangers = waiting.where('game', '=', game).where('from_stranger', '=', sql.lit(1))
    if ((await takenUp(ofStrangers)) + size > left) return false
  }
  // Whoever's address is unknown shares nothing with others of whom nothing is known.
  if (waiting_from === '') return true
  const taken = (await takenUp(waiting.where('waiting_from', '=', waiting_from))) + size
  return taken <= Math.min(bounds.network, left)
}

/** With what each file takes beside its bytes. */
async function takenUp(query: Measured): Promise<number> {
  const { count, bytes } = await measure(query)
  return bytes + count * bytesBesideFile
}

/** Bytes that wait. */
export async function waitingByGame(db: Kysely<Tables>): Promise<{ game: string; bytes: number }[]> {
  const rows = await db
    .selectFrom('attachments')
    .select((select) => ['game', select.fn.sum<number>('file_size').as('bytes')])
    .where('waiting_from', 'is not', null)
    .groupBy('game')
    .execute()
  return rows.map(({ game, bytes }) => ({ game, bytes: Number(bytes) }))
}
