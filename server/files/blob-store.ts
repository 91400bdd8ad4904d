/** Where bytes lie, in words that disk and S3 can both keep. */
import { FilesError } from './error.ts'

/** Finished files, by the relay's own ids. */
export interface BlobStore {
  /**
   * Streams a body in; it is readable only once it is whole, and a failed write leaves nothing.
   *
   * @throws FilesError `too_large` past `maxBytes`; whatever `signal` aborted with; the body's own error.
   */
  write(
    id: string,
    body: ReadableStream<Uint8Array>,
    options: { maxBytes: number; signal?: AbortSignal },
  ): Promise<{ size: number }>
  /** The bytes of a finished file; undefined when there is none. A body that is never read holds nothing open. */
  read(id: string): Promise<{ body: ReadableStream<Uint8Array>; size: number } | undefined>
  /** Removes all there is of this id, finished or not. Removing what is not there succeeds. */
  remove(id: string): Promise<void>
  /** Everything that takes up room, unfinished uploads and the remains of crashed writes included, for sweeping. */
  list(): AsyncIterable<StoredFile>
  /** The id of the ledger whose files these are; undefined where none has been written down. */
  owner(): Promise<string | undefined>
  /** Writes down whose files these are, where nobody is written down. Whether it was the first, {@link owner} says. */
  claim(owner: string): Promise<void>
}

/** Where that is written, beside the files. */
export const ownerName = 'ledger-id'

export interface StoredFile {
  id: string
  /** Bytes. */
  size: number
  modifiedAt: Date
}

/** Uploads that are still growing. Only `uploads.ts` calls this; it sees to it that one caller writes at a time. */
export interface Growing {
  create(id: string, fileSize: number): Promise<void>
  /** What is safe by now; undefined when there is no such upload. `whole`: readable through {@link BlobStore.read}. */
  state(id: string): Promise<UploadState | undefined>
  /**
   * Adds bytes at `state.offset` until `chunks` ends or fails. Either way all that arrived before is kept.
   * The caller sees to it that no more than `fileSize` bytes come.
   */
  append(id: string, state: UploadState, chunks: AsyncIterable<Uint8Array>): Promise<void>
  /** Turns an upload that has all its bytes into a finished file. Safe to repeat. */
  finish(id: string, state: UploadState): Promise<void>
}

export interface UploadState {
  offset: number
  fileSize: number
  whole: boolean
}

/** Both halves of one place, and how to let go of it. */
export interface Storage {
  blobs: BlobStore
  growing: Growing
  close(): Promise<void>
}

/** Ids become paths and object keys, so nothing but 22 characters of base64url gets through. */
export function requireId(id: string): string {
  if (!/^[A-Za-z0-9_-]{22}$/.test(id)) throw new FilesError('invalid_id', 'not an id of this relay')
  return id
}
