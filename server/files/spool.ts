/** Bytes on their way to a storage that wants to know beforehand how many there are: a local file each, soon gone. */
import { openAsBlob } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Spool {
  open(): Promise<SpooledPiece>
  close(): Promise<void>
}

export interface SpooledPiece {
  add(chunk: Uint8Array): Promise<void>
  size(): number
  /** Backed by the file: its bytes are not in memory. Nothing is added afterwards. */
  content(): Promise<Blob>
  drop(): Promise<void>
}

/** @param folder - where to keep them; a folder of its own in the system's temporary one when absent */
export function createSpool(folder: string | undefined): Spool {
  let made: Promise<string> | undefined
  let count = 0

  async function make(): Promise<string> {
    if (folder === undefined) return mkdtemp(join(tmpdir(), 'medkit-spool-'))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return mkdtemp(join(folder, 'spool-'))
  }

  return {
    async open() {
      made ??= make()
      count += 1
      return openPiece(join(await made, String(count)))
    },
    async close() {
      if (made) await rm(await made, { recursive: true, force: true })
    },
  }
}

async function openPiece(path: string): Promise<SpooledPiece> {
  const file = await open(path, 'wx', 0o600)
  let size = 0
  return {
    async add(chunk) {
      await file.writev([chunk])
      size += chunk.byteLength
    },
    size: () => size,
    content: () => openAsBlob(path),
    async drop() {
      await file.close()
      await rm(path, { force: true })
    },
  }
}
