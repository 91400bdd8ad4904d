/**
 * Puts a backup back where a relay will look for it. Everything is copied beside its place and compared first; the ledger
 * gets its name last, and without it the rest counts for nothing.
 */
import { existsSync } from 'node:fs'
import { link, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { flushFolder, makeFolder } from '../files/flush.ts'
import type { Places } from './backup.ts'
import { doubtDeliveries } from './ledger-copy.ts'
import {
  BackupRefused,
  copy,
  fileIdOf,
  ledgerPart,
  type Manifest,
  type Measured,
  measure,
  type Part,
  readManifest,
  secretPart,
} from './manifest.ts'

export interface Restored {
  madeAt: string
  files: number
  /** The backup has a secret, and the configuration names another. */
  leftSecret: boolean
}

/** What has been copied and where it belongs, in the order in which it goes there. */
interface Move {
  part: Part
  staged: string
  place: string
}

/** @throws BackupRefused; everything is as it was then */
export async function restore(folder: string, places: Places, now: Date): Promise<Restored> {
  const manifest = await readManifest(folder)
  await refuseWhatIsThere(manifest, places)
  for (const part of manifest.parts) refuseOther(part, await measure(join(folder, part.name)).catch(asDamage(part)))
  const moves = await movesOf(manifest, places)
  try {
    for (const move of moves) await stage(folder, move)
    const staged = moves.find(({ part }) => part.name === ledgerPart)?.staged ?? ''
    await doubtDeliveries(staged, now)
    await moveAll(moves)
  } finally {
    for (const { staged } of moves) for (const end of sqliteEnds) await rm(`${staged}${end}`, { force: true })
    if (places.files !== undefined) await rm(stageOf(places.files), { recursive: true, force: true })
  }
  const files = manifest.parts.filter((part) => fileIdOf(part) !== undefined).length
  const leftSecret = manifest.parts.some(({ name }) => name === secretPart) && places.secret === undefined
  return { madeAt: manifest.madeAt, files, leftSecret }
}

/** What SQLite lays beside a ledger while somebody has it open. */
const sqliteEnds = ['', '-wal', '-shm', '-journal']

async function refuseWhatIsThere({ files, parts }: Manifest, places: Places): Promise<void> {
  const found = sqliteEnds.map((end) => `${places.ledger}${end}`).find((path) => existsSync(path))
  if (found !== undefined)
    throw new BackupRefused(`There is a ledger already, ${found}. Stop the relay and move it away, with its files.`)
  if ((files === 'here') !== (places.files !== undefined))
    throw new BackupRefused(
      'The backup’s files lay in a folder and those of "files" in a bucket, or the other way round.',
    )
  const ids = new Set(parts.map(fileIdOf))
  const others = places.files === undefined ? [] : await readdir(places.files).catch(() => [])
  if (others.some((name) => name !== stageName && !ids.has(name)))
    throw new BackupRefused(`There are other files in ${places.files}. Move them away.`)
}

const stageName = '.restoring'

/** Within the folder, which may be a disk of its own. */
function stageOf(folder: string): string {
  return join(folder, stageName)
}

async function movesOf({ parts }: Manifest, { ledger, files, secret }: Places): Promise<Move[]> {
  const moves: Move[] = []
  for (const part of parts) {
    const id = fileIdOf(part)
    if (id !== undefined && files !== undefined)
      moves.push({ part, staged: join(stageOf(files), id), place: join(files, id) })
    if (part.name === secretPart && secret !== undefined && !(await isThere(secret, part)))
      moves.push({ part, staged: `${secret}${stageName}`, place: secret })
  }
  const last = parts.filter(({ name }) => name === ledgerPart)
  return [...moves, ...last.map((part) => ({ part, staged: `${ledger}${stageName}`, place: ledger }))]
}

/** @throws BackupRefused where there is another secret */
async function isThere(secret: string, { sha256 }: Part): Promise<boolean> {
  if (!existsSync(secret)) return false
  if ((await measure(secret)).sha256 === sha256) return true
  throw new BackupRefused(`There is another secret already, ${secret}. Move it away.`)
}

async function stage(folder: string, { part, staged }: Move): Promise<void> {
  await makeFolder(dirname(staged))
  await rm(staged, { force: true })
  refuseOther(part, await copy(join(folder, part.name), staged))
}

function refuseOther({ name, bytes, sha256 }: Part, found: Measured): void {
  if (found.bytes !== bytes || found.sha256 !== sha256)
    throw new BackupRefused(`The backup is damaged: ${name} is not what was backed up.`)
}

function asDamage({ name }: Part) {
  return (cause: unknown): never => {
    throw new BackupRefused(`The backup is damaged: ${name} cannot be read.`, { cause })
  }
}

async function moveAll(moves: readonly Move[]): Promise<void> {
  const moved: string[] = []
  try {
    for (const { part, staged, place } of moves) {
      const isNew = !existsSync(place)
      await (part.name === ledgerPart ? claimPlace(staged, place) : rename(staged, place))
      if (isNew) moved.push(place)
    }
  } catch (error) {
    for (const place of moved) await rm(place, { force: true })
    throw error
  }
  for (const folder of new Set(moves.map(({ place }) => dirname(place)))) await flushFolder(folder)
}

/** Never over a ledger that a relay has made meanwhile, which a rename would. */
async function claimPlace(staged: string, place: string): Promise<void> {
  await link(staged, place).catch((cause: NodeJS.ErrnoException) => {
    throw new BackupRefused(`The ledger could not be put at ${place} (${cause.code}).`, { cause })
  })
}
