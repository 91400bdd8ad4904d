/**
 * What a backup's folder holds: the ledger, the files it names, the secret the relay made itself, and this list of them.
 * The list is written last, so that a folder without one is no backup.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { flushFolder } from '../files/flush.ts'

/** The operator's to mend; nothing was changed. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
}

export const ledgerPart = 'medkit.db'
export const secretPart = 'secret'
export const filesPart = 'files'
export const manifestName = 'manifest.json'

/** Names become paths, so no other gets through. */
const Part = z.strictObject({
  name: z.string().regex(/^(medkit\.db|secret|files\/[A-Za-z0-9_-]{22})$/),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Part = z.output<typeof Part>

const Manifest = z.strictObject({
  version: z.literal(1),
  madeAt: z.iso.datetime(),
  /** `elsewhere`: in a bucket, which has backups of its own. */
  files: z.enum(['here', 'elsewhere']),
  parts: z
    .array(Part)
    .refine((parts) => new Set(parts.map(({ name }) => name)).size === parts.length)
    .refine((parts) => parts.some(({ name }) => name === ledgerPart)),
})
export type Manifest = z.output<typeof Manifest>

/** @throws BackupRefused */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch(() => undefined)
  if (text === undefined) throw new BackupRefused(`${folder} is no whole backup: it has no ${manifestName}.`)
  try {
    return Manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw new BackupRefused(`${join(folder, manifestName)} is damaged, or of another version.`, { cause })
  }
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const draft = join(folder, `${manifestName}.new`)
  await writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  await rename(draft, join(folder, manifestName))
  await flushFolder(folder)
}

/** Id of a file's part; undefined for the others. */
export function fileIdOf({ name }: Part): string | undefined {
  return name.startsWith(`${filesPart}/`) ? name.slice(filesPart.length + 1) : undefined
}

export type Measured = Pick<Part, 'bytes' | 'sha256'>

/** Copies a file, for nobody but its owner and flushed. @throws ENOENT, EEXIST and the like */
export async function copy(from: string, to: string): Promise<Measured> {
  const source = await open(from, 'r')
  try {
    const target = await open(to, 'wx', 0o600)
    try {
      const measured = await passThrough(source, (chunk) => target.writeFile(chunk))
      await target.datasync()
      return measured
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

export async function measure(path: string): Promise<Measured> {
  const file = await open(path, 'r')
  try {
    return await passThrough(file, async () => undefined)
  } finally {
    await file.close()
  }
}

async function passThrough(file: FileHandle, take: (chunk: Uint8Array) => Promise<void>): Promise<Measured> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
    hash.update(chunk)
    bytes += chunk.byteLength
    await take(chunk)
  }
  return { bytes, sha256: hash.digest('hex') }
}
