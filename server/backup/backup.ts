/** Copies a relay's ledger and files while it runs: the ledger first, then the files that this copy names. */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { flushFolder } from '../files/flush.ts'
import { copyLedger, filesNamedIn } from './ledger-copy.ts'
import {
  BackupRefused,
  copy,
  filesPart,
  ledgerPart,
  manifestName,
  measure,
  type Part,
  secretPart,
  writeManifest,
} from './manifest.ts'

/** Where a relay keeps what a backup holds. */
export interface Places {
  /** Path of the SQLite file. */
  ledger: string
  /** Undefined for files in a bucket. */
  files: string | undefined
  /** Undefined where a secret is configured. */
  secret: string | undefined
}

export interface BackedUp {
  files: number
  bytes: number
  /** Files that the relay removed while they were copied. */
  removed: number
  hasSecret: boolean
}

/**
 * @param folder - empty, or not there yet
 * @throws BackupRefused; nothing is left in the folder then
 */
export async function backUp(places: Places, folder: string, now: Date): Promise<BackedUp> {
  if (!existsSync(places.ledger)) throw new BackupRefused(`There is no ledger at ${places.ledger}.`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new BackupRefused(`${folder} is not empty.`)
  await chmod(folder, 0o700)
  try {
    return await fill(places, folder, now)
  } catch (error) {
    for (const name of [ledgerPart, `${ledgerPart}-journal`, secretPart, filesPart, `${manifestName}.new`])
      await rm(join(folder, name), { recursive: true, force: true })
    throw error
  }
}

async function fill({ ledger, files, secret }: Places, folder: string, madeAt: Date): Promise<BackedUp> {
  const target = join(folder, ledgerPart)
  await copyLedger(ledger, target)
  const parts: Part[] = [{ name: ledgerPart, ...(await measure(target)) }]
  if (secret !== undefined && existsSync(secret))
    parts.push({ name: secretPart, ...(await copy(secret, join(folder, secretPart))) })
  const named = files === undefined ? [] : filesNamedIn(target)
  const copied = files === undefined ? [] : await copyFiles(files, join(folder, filesPart), named)
  await writeManifest(folder, {
    version: 1,
    madeAt: madeAt.toISOString(),
    files: files === undefined ? 'elsewhere' : 'here',
    parts: [...parts, ...copied],
  })
  return {
    files: copied.length,
    bytes: copied.reduce((sum, { bytes }) => sum + bytes, 0),
    removed: named.length - copied.length,
    hasSecret: parts.some(({ name }) => name === secretPart),
  }
}

async function copyFiles(from: string, to: string, ids: readonly string[]): Promise<Part[]> {
  const copied: Part[] = []
  await mkdir(to, { mode: 0o700 })
  for (const id of ids) {
    const measured = await copy(join(from, id), join(to, id)).catch(ignoreMissing)
    if (measured) copied.push({ name: `${filesPart}/${id}`, ...measured })
  }
  await flushFolder(to)
  return copied
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
