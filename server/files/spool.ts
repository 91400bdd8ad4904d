/**
 * Bytes on their way to a storage that wants to know beforehand how many there are: a local file each, soon gone. Never
 * flushed: nothing is confirmed before the storage has answered for it.
 */
import { openAsBlob } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
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
    await sweep(folder)
    return mkdtemp(join(folder, 'spool-'))
  }

  async function piece(): Promise<SpooledPiece> {
    made ??= make()
    count += 1
    return openPiece(join(await made, String(count)))
  }

  return {
    // A relay that starts takes one that has been idle for days for dead.
    open: () =>
      piece().catch(() => {
        made = undefined
        return piece()
      }),
    async close() {
      if (made) await rm(await made, { recursive: true, force: true })
    },
  }
}

const restMs = 2 * 86_400_000

/** What relays left here that were killed. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const stats = name.startsWith('spool-') ? await stat(path).catch(() => undefined) : undefined
    if (stats && stats.mtimeMs < Date.now() - restMs) await rm(path, { recursive: true, force: true })
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
