/** The door to files: where they are kept, and resumable uploads into it. */
import { fileURLToPath } from 'node:url'
import type { S3Credentials } from '../config/s3-address.ts'
import { type BlobStore, requireId, type Storage } from './blob-store.ts'
import { createDisk } from './disk.ts'
import { FilesError } from './error.ts'
import { createLocks, type Locks } from './lock.ts'
import { answer, finishIfWhole, type UploadAnswer } from './tus.ts'

export interface Uploads {
  /** From here on the upload exists, at offset 0. @throws FilesError `exists` */
  create(id: string, fileSize: number): Promise<void>
  /**
   * Answers HEAD, PATCH and OPTIONS of tus; anything else is 405. Whose upload this is, is the caller's to check.
   *
   * `finished`: all bytes are there and readable. True for the request that brought the last of them, and for any
   * later one, because the relay may have died in between: begin what follows only where it has not begun.
   *
   * @throws FilesError `unavailable` when bytes cannot be kept
   */
  handle(request: Request, id: string): Promise<UploadAnswer>
  /** Bytes safe by now; undefined when there is no such upload. */
  offset(id: string): Promise<number | undefined>
  /** Whether all bytes are there and readable. Completes what a relay left that died with the last of them. */
  isWhole(id: string): Promise<boolean>
  /** Stops a running request first. Removing what is not there succeeds. */
  remove(id: string): Promise<void>
}

export interface FilesOptions {
  /** For `s3:` only. */
  credentials?: S3Credentials | undefined
  /** For `s3:` only: where bytes wait until a piece is full. Default: the system's folder for temporary files. */
  spoolFolder?: string | undefined
  /** A connection that sends nothing for so long is let go; its bytes are kept. Default 60,000. */
  idleTimeoutMs?: number | undefined
}

export interface Files {
  blobs: BlobStore
  uploads: Uploads
  /** Ends running uploads, keeping what arrived: a relay that is to end does not wait for a phone on a train. */
  endUploads(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the place named by the configuration: `file:data/files` (relative to the working directory), `file:///…`, or
 * `s3://bucket/prefix?endpoint=https://…&region=…`.
 *
 * @throws FilesError `misconfigured`
 */
export async function createFiles(url: string, options: FilesOptions = {}): Promise<Files> {
  const storage = await openStorage(url, options)
  const locks = createLocks()
  const uploads = createUploads(storage, locks, options)
  return {
    // Removing goes through the lock, so that a running upload cannot write on into what is gone.
    blobs: { ...storage.blobs, remove: uploads.remove },
    uploads,
    endUploads: locks.close,
    async close() {
      await locks.close()
      await storage.close()
    },
  }
}

async function openStorage(url: string, { credentials, spoolFolder }: FilesOptions): Promise<Storage> {
  if (url.startsWith('s3://')) {
    if (!credentials) throw new FilesError('misconfigured', 'an s3: address needs an access key')
    const { createS3 } = await import('./s3.ts')
    return createS3(url, credentials, spoolFolder)
  }
  const folder = folderOf(url)
  if (folder !== undefined) return createDisk(folder)
  throw new FilesError('misconfigured', 'files must be a file: or s3: address')
}

/** Of a `file:` address; undefined for others. */
export function folderOf(url: string): string | undefined {
  if (url.startsWith('file://')) return fileURLToPath(url)
  return /^file:./.test(url) ? url.slice('file:'.length) : undefined
}

function createUploads({ blobs, growing }: Storage, locks: Locks, { idleTimeoutMs = 60_000 }: FilesOptions): Uploads {
  /** Alone with the upload: `work` runs after whoever had it before, until a newcomer wants it. */
  async function alone<T>(id: string, work: (wanted: AbortSignal) => Promise<T>): Promise<T> {
    const stopping = new AbortController()
    const release = await locks.take(requireId(id), () => stopping.abort())
    try {
      return await work(stopping.signal)
    } finally {
      release()
    }
  }

  return {
    async create(id, fileSize) {
      if (!Number.isSafeInteger(fileSize) || fileSize < 1) throw new RangeError('a file has at least one byte')
      await growing.create(requireId(id), fileSize)
    },
    handle: (request, id) => alone(id, (wanted) => answer({ blobs, growing, request, id, wanted, idleTimeoutMs })),
    offset: async (id) => (await growing.state(requireId(id)))?.offset,
    async isWhole(id) {
      const { offset, fileSize, whole } = (await growing.state(requireId(id))) ?? {}
      // Only then: being alone with an upload stops the request that has it.
      if (whole || offset === undefined || offset !== fileSize) return whole ?? false
      return alone(id, async () => {
        const state = await growing.state(id)
        return state !== undefined && finishIfWhole(growing, id, state)
      })
    },
    remove: (id) => alone(id, () => blobs.remove(id)),
  }
}
