/** Secrets that a relay without a configured one makes itself, on its first start, and keeps in a file. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Reads what was kept, or makes it: for its owner alone, and on the disk before anything is signed with it.
 *
 * @param leastBytes - a file with less was cut off or emptied. Another one in its place would sign everybody out, so that
 * is nothing the relay does by itself
 * @throws Error that names the file
 */
export function keptSecret(path: string, leastBytes: number, make: () => Buffer): Buffer {
  if (existsSync(path)) return readKept(path, leastBytes)
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const secret = make()
  writeFileSync(path, secret, { mode: 0o600, flag: 'wx', flush: true })
  flushFolderOf(folder)
  return secret
}

function readKept(path: string, leastBytes: number): Buffer {
  const secret = readFileSync(path)
  if (secret.byteLength >= leastBytes) return secret
  const state = secret.byteLength === 0 ? 'is empty' : `has fewer than ${leastBytes} bytes`
  throw new Error(
    `${path} ${state}. Put it back from a backup, or remove it: a new one is made then, and all sign in again.`,
  )
}

function flushFolderOf(folder: string): void {
  try {
    const handle = openSync(folder, 'r')
    fsyncSync(handle)
    closeSync(handle)
  } catch {
    // Not every system opens folders; the file itself is flushed.
  }
}
