/** What a power cut must leave: a name is on the disk only once the folder it stands in has been flushed as well. */
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Names made, moved or removed in a folder before this stay so. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(unlessImpossible)
  try {
    await handle?.sync()
  } finally {
    await handle?.close()
  }
}

/** Makes a folder, with those above it, for nobody but its owner. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const top = dirname(resolve(first))
  for (let path = dirname(resolve(folder)); path.length >= top.length; path = dirname(path)) {
    await flushFolder(path)
    if (path === top) return
  }
}

/** Windows opens no folders, and writes their names down by itself. */
function unlessImpossible(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EISDIR' && error.code !== 'EPERM') throw error
}
