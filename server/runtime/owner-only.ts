/**
 * What the relay keeps on this machine is for the account it runs as: folders 0700, files 0600, also where an earlier version,
 * a copy or a restore has left them looser. A folder in which something else lies as well is somebody's who may need it as it
 * is: that is said, and left.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { chmod, lstat, readdir } from 'node:fs/promises'
import { platform } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Log } from './log.ts'

type Told = Pick<Log, 'info' | 'warn'> | undefined

const othersBits = 0o077
/** SQLite makes these beside its file, with the bits that the file has. */
const besideLedger = ['-wal', '-shm', '-journal']
/** What else the relay has in its folder. */
const keptFiles = ['secret', 'desk-token']
const keptFolders = ['files', 'spool']

/** Makes the ledger's folder and file, or tightens what is there. */
export function keepLedgerToOwner(path: string, log?: Told): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // An empty file is an empty ledger to SQLite, which would make it by the umask.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const beside = besideLedger.map((ending) => path + ending)
  const kept = keptFiles.map((name) => join(folder, name))
  const ours = [...[path, ...beside].map((file) => basename(file)), ...keptFiles, ...keptFolders]
  const isOurs = readdirSync(folder).every((name) => ours.includes(name))
  for (const file of [path, ...beside]) if (existsSync(file)) tighten(file, 0o600, log)
  if (isOurs) {
    for (const file of kept) if (existsSync(file)) tighten(file, 0o600, log)
    tighten(folder, 0o700, log)
  } else if (isLoose(statSync(folder).mode)) {
    log?.warn({ folder }, 'others of this machine can look into the ledger’s folder; give it one of its own')
  }
}

function tighten(path: string, mode: number, log: Told): void {
  const { mode: before } = statSync(path)
  if (!isLoose(before)) return
  try {
    chmodSync(path, mode)
    log?.info({ path, before: octal(before), now: octal(mode) }, 'made readable by its owner alone')
  } catch (error) {
    log?.warn({ err: error, path }, 'others of this machine can read this')
  }
}

/** @param isOurs - what may lie there. A folder that is closed already is not gone through. */
export async function keepFilesToOwner(folder: string, isOurs: (name: string) => boolean, log?: Told): Promise<void> {
  const found = await lstat(folder).catch(() => undefined)
  if (!found?.isDirectory() || !isLoose(found.mode)) return
  try {
    const names = await readdir(folder)
    if (!names.every(isOurs)) {
      log?.warn({ folder }, 'others of this machine can look into the files’ folder; give it one of its own')
      return
    }
    await chmod(folder, 0o700)
    for (const name of names) await closeFile(join(folder, name))
    log?.info({ path: folder, before: octal(found.mode), now: octal(0o700) }, 'made readable by its owner alone')
  } catch (error) {
    log?.warn({ err: error, path: folder }, 'others of this machine can read this')
  }
}

async function closeFile(path: string): Promise<void> {
  // A file that has gone meanwhile is closed to everybody.
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile() && isLoose(found.mode)) await chmod(path, 0o600).catch(() => undefined)
}

/** Windows has other rights, and shows these as open to all. */
function isLoose(mode: number): boolean {
  return platform() !== 'win32' && (mode & othersBits) !== 0
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
