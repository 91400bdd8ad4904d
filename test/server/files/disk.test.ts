/** What a crash between two steps leaves on disk, and what is made of it. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { collect, newId } from '../../fixtures/blob-stores.ts'
import { tus } from '../../fixtures/files-server.ts'
import { openIn } from '../../fixtures/open-files.ts'
import { until } from '../../fixtures/wait.ts'

let folder: string
let files: Files

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medkit-disk-'))
  files = await createFiles(`file:${folder}`)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const head = (id: string) =>
  files.uploads.handle(new Request(`http://relay.example/${id}`, { method: 'HEAD', headers: tus }), id)

it('finishes an upload whose last byte was written before the relay died', async () => {
  const id = newId()
  await writeFile(join(folder, `${id}.size`), '5')
  await writeFile(join(folder, `${id}.part`), 'whole')
  expect((await head(id)).finished).toBe(true)
  const kept = await files.blobs.read(id)
  expect(await new Response(kept?.body).text()).toBe('whole')
  expect(await readdir(folder)).toEqual([id])
})

it('knows a finished file whose announcement was not dropped any more', async () => {
  const id = newId()
  await writeFile(join(folder, `${id}.size`), '5')
  await writeFile(join(folder, id), 'whole')
  expect((await head(id)).finished).toBe(true)
  expect(await files.uploads.offset(id)).toBe(5)
  expect((await collect(files.blobs.list())).map(({ id }) => id)).toEqual([id])
})

it('takes an announcement that was cut off for none', async () => {
  const id = newId()
  await writeFile(join(folder, `${id}.size`), '')
  expect((await head(id)).response.status).toBe(404)
})

it('reads nothing of a write that the relay died in, and lists it for sweeping', async () => {
  const id = newId()
  await writeFile(join(folder, `${id}.new`), 'half')
  expect(await files.blobs.read(id)).toBeUndefined()
  expect((await collect(files.blobs.list())).map(({ id }) => id)).toEqual([id])
  await files.blobs.remove(id)
  expect(await readdir(folder)).toEqual([])
})

it('leaves files in its folder alone that are not its own', async () => {
  await writeFile(join(folder, 'README'), 'mine')
  expect(await collect(files.blobs.list())).toEqual([])
})

it('says that it is unavailable when the folder cannot be written', async () => {
  await writeFile(join(folder, 'occupied'), '')
  const blocked = await createFiles(`file:${folder}/occupied/files`)
  await expect(blocked.uploads.create(newId(), 5)).rejects.toMatchObject({ code: 'unavailable' })
})

it.skipIf(!existsSync('/proc/self/fd'))(
  'leaves no file open whose reader goes away while it is being opened',
  async () => {
    const closedByGarbage: Error[] = []
    const notice = (warning: Error) => void (/garbage/.test(warning.message) && closedByGarbage.push(warning))
    process.on('warning', notice)
    const id = newId()
    await writeFile(join(folder, id), 'whole')
    for (let n = 0; n < 50; n += 1) {
      const reader = (await files.blobs.read(id))?.body.getReader()
      const reading = reader?.read()
      await reader?.cancel()
      await reading
    }
    await until(() => openIn(folder).length === 0, 'every file is closed')
    expect(closedByGarbage).toEqual([])
    process.off('warning', notice)
  },
)
