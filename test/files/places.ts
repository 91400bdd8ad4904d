/** The two places files can be kept, each a real one of its own, so that one suite runs on both. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { ownerName } from '../../server/files/keep.ts'
import type { FilesOptions } from '../../server/files/uploads.ts'

export interface Place {
  url: string
  options: FilesOptions
  /** Names of all that is stored of files, finished or not; empty when nothing of a file is left. */
  left: () => Promise<string[]>
  /** Bytes stored, of files finished or not. */
  stored: () => Promise<number>
  close: () => Promise<void>
}

export const places: Record<string, () => Promise<Place>> = { disk: placeOnDisk, S3: placeOnS3 }

export async function placeOnDisk(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-files-'))
  return {
    url: `file:${folder}`,
    options: {},
    left: async () => (await readdir(folder)).filter((name) => name !== ownerName),
    stored: async () => sizeOf(folder, await readdir(folder)),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

export async function placeOnS3(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'medkit-s3-'))
  const bucket = { name: 'files', configs: [] }
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: folder,
    configureBuckets: [bucket],
  })
  const { port } = await server.run()
  return {
    url: `s3://files/games?endpoint=http://127.0.0.1:${port}&region=us-east-1`,
    options: {
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      spoolFolder: join(folder, 'spool'),
    },
    left: async () => [
      ...(await objectsIn(join(folder, 'files'))).filter((name) => !name.includes(`/${ownerName}.`)),
      ...(await spooledIn(join(folder, 'spool'))),
    ],
    stored: async () => sizeOf(join(folder, 'files'), await objectsIn(join(folder, 'files'))),
    close: async () => {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function sizeOf(folder: string, names: readonly string[]): Promise<number> {
  const found = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)))
  return found.reduce((sum, stats) => sum + (stats?.size ?? 0), 0)
}

async function objectsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith('_object'))
}

async function spooledIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.includes('/'))
}

/** Everything below a folder; looked at once more when a folder in it goes away meanwhile. */
async function namesIn(folder: string): Promise<string[]> {
  while (existsSync(folder)) {
    const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    if (names) return names
  }
  return []
}

/** An id as the relay makes them. */
export function newId(): string {
  return randomBytes(16).toString('base64url')
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
