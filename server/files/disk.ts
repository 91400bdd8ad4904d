/**
 * Files in a folder of this machine. A finished file is `<id>`; one that grows is `<id>.part`, with the size it was
 * announced with in `<id>.size`. Finishing is a rename, so a file is either whole or not there.
 *
 * What is confirmed outlives a power cut: an announcement, and all that a request brought, are flushed before its answer,
 * once a request, and a whole file is flushed before it gets its name. Where a power cut comes in the middle of a request,
 * the next HEAD says what is left, and the player's device sends on from there.
 */
import { type FileHandle, open, opendir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '../runtime/random.ts'
import {
  type BlobStore,
  type Growing,
  ownerName,
  requireId,
  type Storage,
  type StoredFile,
  type UploadState,
} from './blob-store.ts'
import { atMost, chunksOf } from './chunks.ts'
import { FilesError } from './error.ts'
import { flushFolder, makeFolder } from './flush.ts'

/** Bytes gathered before one write: large enough to spare system calls, small enough for many uploads at once. */
const batchBytes = 256 * 1024
const readBytes = 128 * 1024
const remains = ['', '.part', '.size', '.new'] as const

/** Whether a file of this folder is one of the relay's. */
export function isKeptName(name: string): boolean {
  return name === ownerName || name.startsWith(`${ownerName}.`) || /^[\w-]{22}(\.(part|size|new))?$/.test(name)
}

/** Opens a folder, which is made with the first file. */
export function createDisk(folder: string): Storage {
  const path = (id: string, end: (typeof remains)[number]) => join(folder, requireId(id) + end)
  const ready = () => makeFolder(folder).catch(asUnavailable)
  const flushNames = () => flushFolder(folder).catch(asUnavailable)

  const blobs: BlobStore = {
    async write(id, body, { maxBytes, signal }) {
      const target = path(id, '')
      const draft = path(id, '.new')
      await ready()
      try {
        await writeAt(draft, 'w', 0, atMost(chunksOf(body, signal), maxBytes))
        const { size } = await stat(draft)
        await rename(draft, target).catch(asUnavailable)
        await flushNames()
        return { size }
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
    async read(id) {
      const file = path(id, '')
      const size = await sizeOf(file)
      return size === undefined ? undefined : { body: bodyOf(file), size }
    },
    async remove(id) {
      for (const end of remains) await rm(path(id, end), { force: true }).catch(asUnavailable)
    },
    list: () => listFolder(folder),
    async owner() {
      const text = await readFile(join(folder, ownerName), 'utf8').catch(ignoreMissing)
      return text?.trim() || undefined
    },
    async claim(owner) {
      const draft = join(folder, `${ownerName}.${randomId()}`)
      await ready()
      // Whole or not there: an empty name would be nobody's for ever.
      await writeFile(draft, `${owner}\n`, { mode: 0o600, flush: true }).catch(asUnavailable)
      await rename(draft, join(folder, ownerName)).catch(asUnavailable)
      await flushNames()
    },
  }

  const growing: Growing = {
    async create(id, fileSize) {
      const announced = path(id, '.size')
      await ready()
      const options = { flag: 'wx', mode: 0o600, flush: true }
      await writeFile(announced, String(fileSize), options).catch((error: unknown) => {
        throw new FilesError(codeOf(error) === 'EEXIST' ? 'exists' : 'unavailable', 'cannot start', { cause: error })
      })
      await flushNames()
    },
    async state(id): Promise<UploadState | undefined> {
      // The finished file first: after a crash in `finish` both it and its announcement are there.
      const size = await sizeOf(path(id, ''))
      if (size !== undefined) return { offset: size, fileSize: size, whole: true }
      const fileSize = await announcedSize(path(id, '.size'))
      return fileSize === undefined
        ? undefined
        : { offset: (await sizeOf(path(id, '.part'))) ?? 0, fileSize, whole: false }
    },
    async append(id, { offset }, chunks) {
      const isFirst = offset === 0
      try {
        await writeAt(path(id, '.part'), isFirst ? 'w' : 'r+', offset, chunks)
      } finally {
        if (isFirst) await flushNames()
      }
    },
    async finish(id) {
      // Once more: it may be a relay that died whose last bytes were never flushed.
      await flushFile(path(id, '.part')).catch(ignoreMissing)
      await rename(path(id, '.part'), path(id, '')).catch(ignoreMissing)
      await flushNames()
      await rm(path(id, '.size'), { force: true }).catch(asUnavailable)
    },
  }
  return { blobs, growing, close: async () => {} }
}

/** Writes batches while the next ones are read; what arrived before a failure is on the disk before it is thrown on. */
async function writeAt(
  path: string,
  flag: 'w' | 'r+',
  start: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, flag, 0o600).catch(asUnavailable)
  const batch = createBatch(file, start)
  try {
    for await (const chunk of chunks) await batch.add(chunk)
  } finally {
    try {
      await batch.end()
      await flushFrom(file, start)
    } finally {
      await file.close()
    }
  }
}

/** What cannot be flushed may read well now and be gone tomorrow: it is cut off, so that it is sent again. */
async function flushFrom(file: FileHandle, start: number): Promise<void> {
  try {
    await file.datasync()
  } catch (cause) {
    await file.truncate(start).catch(() => undefined)
    throw new FilesError('unavailable', 'the disk kept no more', { cause })
  }
}

async function flushFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Gathers chunks and keeps at most one write on its way. */
function createBatch(file: FileHandle, start: number) {
  let position = start
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    await writing
    if (gatheredBytes === 0) return
    writing = writeAll(file, gathered, gatheredBytes, position)
    // The failure is met at the next await; until then it must not count as unhandled.
    writing.catch(() => {})
    position += gatheredBytes
    gathered = []
    gatheredBytes = 0
  }

  return {
    async add(chunk: Uint8Array): Promise<void> {
      gathered.push(chunk)
      gatheredBytes += chunk.byteLength
      if (gatheredBytes >= batchBytes) await flush()
    },
    async end(): Promise<void> {
      await flush()
      await writing
    },
  }
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], size: number, position: number): Promise<void> {
  try {
    const { bytesWritten } = await file.writev(chunks, position)
    // A disk that is full may take some of it first.
    if (bytesWritten < size) throw new Error('short write')
  } catch (cause) {
    throw new FilesError('unavailable', 'the disk took no more', { cause })
  }
}

/** Opens the file with the first pull, so that a body nobody reads leaves no handle behind. */
function bodyOf(path: string): ReadableStream<Uint8Array> {
  let opening: Promise<FileHandle> | undefined
  // A reader may go away while the file is still being opened: a stream that is cancelled waits for no pull.
  const close = async () => (await opening?.catch(() => undefined))?.close()

  async function next(): Promise<Uint8Array> {
    opening ??= open(path, 'r')
    const file = await opening
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(readBytes), 0, readBytes, null)
    return buffer.subarray(0, bytesRead)
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next()
          if (chunk.byteLength > 0) return controller.enqueue(chunk)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        await close()
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
}

/** One entry an id, whatever it has on disk; its time is that of the newest, so that a moving upload is never old. */
async function* listFolder(folder: string): AsyncGenerator<StoredFile> {
  const entries = await opendir(folder).catch(ignoreMissing)
  for await (const entry of entries ?? []) {
    const [, id, end] = /^([A-Za-z0-9_-]{22})(\.part|\.size|\.new|)$/.exec(entry.name) ?? []
    if (id === undefined || end === undefined) continue
    const found = await Promise.all(remains.map(async (end) => ({ end, stats: await statsOf(join(folder, id + end)) })))
    const present = found.flatMap(({ end, stats }) => (stats ? [{ end, ...stats }] : []))
    if (present[0]?.end !== end) continue
    yield {
      id,
      size: present.reduce((sum, one) => sum + one.size, 0),
      modifiedAt: new Date(Math.max(...present.map((one) => one.modifiedMs))),
    }
  }
}

async function statsOf(path: string): Promise<{ size: number; modifiedMs: number } | undefined> {
  const stats = await stat(path).catch(ignoreMissing)
  return stats && { size: stats.size, modifiedMs: stats.mtimeMs }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statsOf(path))?.size
}

/** Undefined also when a crash left the announcement empty: such an upload never was. */
async function announcedSize(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(ignoreMissing)
  return text ? Number(text) : undefined
}

function ignoreMissing(error: unknown): undefined {
  return codeOf(error) === 'ENOENT' ? undefined : asUnavailable(error)
}

function asUnavailable(cause: unknown): never {
  throw new FilesError('unavailable', 'the disk cannot be used', { cause })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
