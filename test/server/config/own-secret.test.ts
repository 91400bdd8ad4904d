/** The secret a relay makes itself when none is configured. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keptSecret } from '../../../server/config/own-secret.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-kept-'))
  path = join(folder, 'data/secret')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const make = () => Buffer.alloc(32, 'x')
const never = () => {
  throw new Error('nothing is to be made')
}

it('is made once, for its owner alone', async () => {
  expect(keptSecret(path, 32, make)).toEqual(make())
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(keptSecret(path, 32, never)).toEqual(make())
})

it.each([
  ['empty', '', /secret is empty/],
  ['cut off', 'x'.repeat(31), /secret has fewer than 32 bytes/],
])('stops the relay when it is %s, with the name of the file, and stays as it is', async (_name, text, words) => {
  await mkdir(join(folder, 'data'))
  await writeFile(path, text)
  const main = join(import.meta.dirname, '../../../server/main.ts')
  const said = await new Promise<string>((resolve) =>
    execFile(process.execPath, [main], { cwd: folder, env: { ...process.env, PORT: '0' } }, (error, _out, errors) =>
      resolve(`${error?.code} ${errors}`),
    ),
  )
  expect(said).toMatch(/^1 /)
  expect(said).toMatch(words)
  expect(said).toContain('data/secret')
  expect(await readFile(path, 'utf8')).toBe(text)
})
