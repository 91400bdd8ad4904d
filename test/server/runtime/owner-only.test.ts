/** What the relay keeps on the disk is nobody else's to read, also where it was. */
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isKeptName } from '../../../server/files/disk.ts'
import { keepFilesToOwner } from '../../../server/runtime/owner-only.ts'
import { openDatabase } from '../../../server/store/database.ts'

let root: string
let folder: string
let told: unknown[]
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'medkit-owner-'))
  folder = join(root, 'data')
  told = []
})
afterEach(() => rm(root, { recursive: true, force: true }))

const log = {
  info: (what: unknown, words: string) => void told.push([words, what]),
  warn: (what: unknown, words: string) => void told.push([words, what]),
} as unknown as NonNullable<Parameters<typeof openDatabase>[1]>

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

async function modesIn(path: string): Promise<number[]> {
  return Promise.all((await readdir(path)).map((name) => modeOf(join(path, name))))
}

/** While it is open, its log is there as well. */
async function openedModes(): Promise<{ own: number; inside: number[] }> {
  const database = await openDatabase(`sqlite:${join(folder, 'medkit.db')}`, log)
  try {
    return { own: await modeOf(folder), inside: await modesIn(folder) }
  } finally {
    await database.close()
  }
}

describe('The ledger', () => {
  it('and its log are made for their owner alone, whatever the process would let others read', async () => {
    const { own, inside } = await openedModes()
    expect(own).toBe(0o700)
    expect(inside.length).toBeGreaterThan(1)
    expect(inside.filter((mode) => mode !== 0o600)).toEqual([])
    expect(told).toEqual([])
  })

  it('is closed to others where it was open, and so are the secrets beside it; the log says so', async () => {
    await openedModes()
    await writeFile(join(folder, 'secret'), 'x')
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644)
    await chmod(folder, 0o755)
    const { own, inside } = await openedModes()
    expect([own, ...new Set(inside)]).toEqual([0o700, 0o600])
    expect(JSON.stringify(told)).toContain('"before":"0755","now":"0700"')
  })

  it('leaves a folder open in which others have something, and says that they can look in', async () => {
    await mkdir(folder, { mode: 0o755 })
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'somebody-elses.txt'), 'x', { mode: 0o644 })
    const database = await openDatabase(`sqlite:${join(folder, 'medkit.db')}`, log)
    await database.close()
    expect(await modeOf(folder)).toBe(0o755)
    expect(await modeOf(join(folder, 'medkit.db'))).toBe(0o600)
    expect(await modeOf(join(folder, 'somebody-elses.txt'))).toBe(0o644)
    expect(JSON.stringify(told)).toContain('others of this machine can look into')
  })
})

describe('The folder of files', () => {
  it('is closed where it was open, with all that lies in it', async () => {
    await mkdir(folder)
    await writeFile(join(folder, 'x'.repeat(22)), 'x', { mode: 0o644 })
    await writeFile(join(folder, 'ledger-id'), 'x', { mode: 0o644 })
    await chmod(folder, 0o755)
    await keepFilesToOwner(folder, isKeptName, log)
    expect([await modeOf(folder), ...(await modesIn(folder))]).toEqual([0o700, 0o600, 0o600])
    expect(told).toHaveLength(1)
  })

  it('is left where it is more than that, which is said, or not there', async () => {
    await keepFilesToOwner(folder, isKeptName, log)
    expect(told).toEqual([])
    await mkdir(folder)
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'holiday.jpg'), 'x', { mode: 0o644 })
    await keepFilesToOwner(folder, isKeptName, log)
    expect([await modeOf(folder), ...(await modesIn(folder))]).toEqual([0o755, 0o644])
    expect(told).toHaveLength(1)
  })
})
