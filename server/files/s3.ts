/**
 * Files in S3-compatible storage, for several relays on one store. A file is a few pieces under `<id>/`, each put at once
 * and never changed: `of-<bytes>` says how many bytes are announced, `<start>-<bytes>-<random>` holds some of them, and
 * `whole` names the pieces the finished file is made of. So what is confirmed is safe, whichever relay dies or resumes.
 *
 * S3's own multipart uploads are not used: their parts have a least size, and what lies below it when a connection breaks
 * would be lost. `whole` is written once, so that a second writer cannot change a file that has been looked into.
 */
import { randomBytes } from 'node:crypto'
import { parseS3Url, type S3Credentials } from '../config/s3-address.ts'
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
import { createS3Client, type S3Client } from './s3-client.ts'
import { createSpool, type Spool } from './spool.ts'

/** What the relay takes in before it puts a piece. What dies with a relay is at most this, and was not confirmed. */
const pieceBytes = 8 * 1024 * 1024

interface Piece {
  key: string
  start: number
  size: number
}

interface Found {
  announced: number | undefined
  isWhole: boolean
  /** The pieces that follow each other without a gap, from the first byte on. */
  chain: readonly Piece[]
  keys: readonly string[]
}

export function createS3(url: string, credentials: S3Credentials, spoolFolder: string | undefined): Storage {
  const address = parseS3Url(url)
  if (!address) throw new FilesError('misconfigured', 'files must read s3://bucket/prefix?endpoint=https://…&region=…')
  const client = createS3Client(address, credentials)
  const spool = createSpool(spoolFolder)

  const growing: Growing = {
    async create(id, fileSize) {
      const found = await find(client, requireId(id))
      if (found.keys.length > 0) throw new FilesError('exists', 'cannot start')
      await client.put(`${id}/of-${fileSize}`, '')
    },
    async state(id): Promise<UploadState | undefined> {
      const { announced, isWhole, chain } = await find(client, requireId(id))
      if (announced === undefined) return undefined
      return { offset: isWhole ? announced : endOf(chain), fileSize: announced, whole: isWhole }
    },
    append: (id, { offset }, chunks) => append({ client, spool, id: requireId(id), offset, chunks }),
    async finish(id) {
      const { chain } = await find(client, requireId(id))
      await client.put(`${id}/whole`, JSON.stringify(chain), { once: true })
    },
  }

  const blobs: BlobStore = {
    async write(id, body, { maxBytes, signal }) {
      requireId(id)
      await blobs.remove(id)
      try {
        await append({ client, spool, id, offset: 0, chunks: atMost(chunksOf(body, signal), maxBytes) })
        const { chain } = await find(client, id)
        const size = endOf(chain)
        await client.put(`${id}/of-${size}`, '')
        await client.put(`${id}/whole`, JSON.stringify(chain))
        return { size }
      } catch (error) {
        await blobs.remove(id)
        throw error
      }
    },
    async read(id) {
      const manifest = await client.get(`${requireId(id)}/whole`)
      if (!manifest) return undefined
      const chain = readManifest(await manifest.text())
      return { body: bodyOf(client, chain), size: endOf(chain) }
    },
    async remove(id) {
      const { keys } = await find(client, requireId(id))
      // What makes the file readable goes first, so that a half-done removal leaves nothing to be read.
      const inOrder = keys.toSorted((one, other) => Number(other.endsWith('/whole')) - Number(one.endsWith('/whole')))
      for (const key of inOrder) await client.remove(key)
    },
    list: () => listFiles(client),
    async owner() {
      const response = await client.get(ownerName)
      return (await response?.text())?.trim() || undefined
    },
    claim: async (owner) => void (await client.put(ownerName, `${owner}\n`, { once: true })),
  }
  return { blobs, growing, close: () => spool.close() }
}

/** All there is of one id, from a single listing. */
async function find(client: S3Client, id: string): Promise<Found> {
  const keys: string[] = []
  const pieces: Piece[] = []
  let announced: number | undefined
  for await (const { key, size } of client.list(`${id}/`)) {
    const [, of, start] = /\/(?:of-(\d+)|(\d+)-\d+-\w+)$/.exec(key) ?? []
    keys.push(key)
    if (of !== undefined) announced = Number(of)
    if (start !== undefined) pieces.push({ key, start: Number(start), size })
  }
  return { announced, isWhole: keys.includes(`${id}/whole`), chain: chainOf(pieces), keys }
}

/** Where a relay died between putting a longer piece and dropping the shorter, the longer counts. */
function chainOf(pieces: readonly Piece[]): Piece[] {
  const chain: Piece[] = []
  for (;;) {
    const position = endOf(chain)
    const next = pieces.filter(({ start, size }) => start === position && size > 0)
    const longest = next.toSorted((one, other) => other.size - one.size)[0]
    if (!longest) return chain
    chain.push(longest)
  }
}

function endOf(chain: readonly Piece[]): number {
  const last = chain.at(-1)
  return last ? last.start + last.size : 0
}

interface Appending {
  client: S3Client
  spool: Spool
  id: string
  offset: number
  chunks: AsyncIterable<Uint8Array>
}

/** Puts a piece whenever one is full, and what is left of one when the bytes end or break off. */
async function append({ client, spool, id, offset, chunks }: Appending): Promise<void> {
  const { chain } = await find(client, id)
  const last = chain.at(-1)
  const short = last && endOf(chain) === offset && last.size < pieceBytes ? last : undefined
  let piece = await spool.open()
  let start = short ? short.start : offset

  async function put(): Promise<void> {
    const size = piece.size()
    if (size === 0 || (start === short?.start && size === short.size)) return
    const name = `${String(start).padStart(15, '0')}-${size}-${randomBytes(6).toString('hex')}`
    await client.put(`${id}/${name}`, await piece.content())
    if (start === short?.start) await client.remove(short.key)
  }

  try {
    if (short) await refill(client, short, piece)
    try {
      for await (const chunk of chunks) {
        await piece.add(chunk)
        if (piece.size() < pieceBytes) continue
        await put()
        start += piece.size()
        await piece.drop()
        piece = await spool.open()
      }
    } finally {
      await put()
    }
  } finally {
    await piece.drop()
  }
}

async function refill(client: S3Client, short: Piece, piece: Awaited<ReturnType<Spool['open']>>): Promise<void> {
  const response = await client.get(short.key)
  if (!response?.body) throw new FilesError('unavailable', 'a piece is gone')
  for await (const chunk of chunksOf(response.body)) await piece.add(chunk)
}

function readManifest(text: string): Piece[] {
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value) || !value.every(isPiece)) throw new FilesError('unavailable', 'a list of pieces is broken')
  return value
}

function isPiece(value: unknown): value is Piece {
  if (typeof value !== 'object' || value === null || !('key' in value && 'start' in value && 'size' in value))
    return false
  return typeof value.key === 'string' && typeof value.start === 'number' && typeof value.size === 'number'
}

/** One piece after the other; the first is asked for with the first pull. */
function bodyOf(client: S3Client, chain: readonly Piece[]): ReadableStream<Uint8Array> {
  const chunks = piecesOf(client, chain)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* piecesOf(client: S3Client, chain: readonly Piece[]): AsyncGenerator<Uint8Array, undefined> {
  for (const { key } of chain) {
    const response = await client.get(key)
    if (!response?.body) throw new FilesError('unavailable', 'a piece is gone')
    yield* chunksOf(response.body)
  }
}

async function* listFiles(client: S3Client): AsyncGenerator<StoredFile> {
  let file: StoredFile | undefined
  for await (const { key, size, modifiedAt } of client.list('')) {
    const id = /^([A-Za-z0-9_-]{22})\//.exec(key)?.[1]
    if (id === undefined) continue
    if (file && file.id !== id) yield file
    const before: StoredFile | undefined = file?.id === id ? file : undefined
    const newest = before && before.modifiedAt > modifiedAt ? before.modifiedAt : modifiedAt
    file = { id, size: (before?.size ?? 0) + size, modifiedAt: newest }
  }
  if (file) yield file
}
