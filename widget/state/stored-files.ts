/**
 * Files on their way, kept in IndexedDB so that a reload goes on where they stopped. Their bytes only while they move,
 * and no more than fits beside the game's own.
 */

import type { ReadonlySignal } from '@preact/signals-core'
import type { Upload } from '../../server/contract/attachment.ts'
import type { AttachmentId, TicketId } from '../../server/contract/ids.ts'
import type { Clock } from './clock.ts'
import { createRecordStore } from './record-store.ts'

/** Where the player adds a file: to a ticket that is not open yet, or to a reply. */
export type UploadPlace = 'new' | TicketId

export interface StoredFile {
  key: string
  name: string
  type: string
  size: number
  id: AttachmentId
  upload: Upload
  /** Gone once they have arrived. */
  file: Blob | undefined
}

type Kept = StoredFile & { place: UploadPlace; owner: string | undefined; keptAt: number }

export interface StoredFiles {
  keep(place: UploadPlace, file: StoredFile): void
  drop(key: string): void
  /** What this player left at this place. */
  of(place: UploadPlace): Promise<StoredFile[]>
  wipe(): void
  close(): void
}

/** The relay keeps what no message carries for two days. */
const keptMs = 24 * 3_600_000
const maxBytes = 256 * 2 ** 20

/** @param owner see `Session.owner`: one player's files never go out in another's name. */
export function createStoredFiles(game: string, clock: Clock, owner: ReadonlySignal<string | undefined>): StoredFiles {
  const records = createRecordStore<Kept>(`medkit:${game}:files`, 'files')
  const dropped = new Set<string>()
  const fresh = async () => {
    const all = await records.all()
    const old = all.filter(({ keptAt }) => keptAt < clock.now() - keptMs)
    for (const { key } of old) records.remove(key)
    return all.filter((record) => !old.includes(record))
  }
  const keep = async (record: Kept) => {
    const others = (await fresh()).filter(({ key, file }) => file && key !== record.key)
    const bytes = others.reduce((sum, { size }) => sum + size, record.file ? record.size : 0)
    if (bytes <= maxBytes && !dropped.has(record.key)) await records.put(record)
  }
  let close = () => {}
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  let turn: Promise<void> | undefined
  /** One page at a time brings files back, or two tabs would send the same one; the next gets its turn when that one goes. */
  const takeTurn = () =>
    new Promise<void>((resolve) => {
      const hold = () => {
        resolve()
        return closed
      }
      // Not where the engine is old, or the page is on no safe address.
      if (navigator.locks) navigator.locks.request(`medkit:${game}:files`, hold).catch(() => resolve())
      else resolve()
    })
  // In turn, so that what is known last is what stays.
  let last: Promise<unknown> = Promise.resolve()
  return {
    keep(place, { key, name, type, size, id, upload, file }) {
      const record = { key, name, type, size, id, upload, file, place, owner: owner.value, keptAt: clock.now() }
      last = last.then(() => keep(record))
    },
    drop(key) {
      dropped.add(key)
      records.remove(key)
    },
    async of(place) {
      turn ??= takeTurn()
      await turn
      return (await fresh()).filter((record) => record.place === place && record.owner === owner.value)
    },
    wipe() {
      records.wipe()
    },
    close() {
      close()
      records.close()
    },
  }
}
