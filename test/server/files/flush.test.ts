/**
 * What a power cut would leave. No test can cut the power, so these watch the one thing that decides it: what had been
 * flushed, and how the folder looked at that moment, by listening in on the real file handles.
 */
import { mkdtemp, open, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { newId } from '../../fixtures/blob-stores.ts'
import { tus } from '../../fixtures/files-server.ts'

interface Flush {
  /** Of the file or folder. */
  name: string
  /** What the folder held just then. */
  names: string[]
  size: number
}

let parent: string
let folder: string
let files: Files
let flushes: Flush[]
/** Names of files whose flush the disk refuses. */
let failing: RegExp | undefined

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'medkit-flush-'))
  folder = join(parent, 'files')
  files = await createFiles(`file:${folder}`)
  flushes = []
  failing = undefined
  await listenIn()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(parent, { recursive: true, force: true })
})

async function listenIn(): Promise<void> {
  const probe = await open(parent, 'r')
  const handles = Object.getPrototypeOf(probe)
  await probe.close()
  for (const method of ['sync', 'datasync'] as const) {
    const real = handles[method]
    vi.spyOn(handles, method).mockImplementation(async function (this: { fd: number }) {
      const path = await readlink(`/proc/self/fd/${this.fd}`)
      if (failing?.test(path)) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      await real.call(this)
      const names = await readdir(folder)
      flushes.push({ name: basename(path), names: names.toSorted(), size: (await stat(path)).size })
    })
  }
}

function patch(id: string, offset: number, body: string) {
  const headers = { ...tus, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }
  return files.uploads.handle(new Request(`http://relay.example/${id}`, { method: 'PATCH', headers, body }), id)
}

it('announces an upload only once its folder and its name are on the disk', async () => {
  const id = newId()
  await files.uploads.create(id, 10)
  expect(flushes.map(({ name }) => name)).toContain(basename(parent))
  expect(flushes).toContainEqual({ name: `${id}.size`, size: 2, names: [`${id}.size`] })
  expect(flushes.at(-1)).toMatchObject({ name: 'files', names: [`${id}.size`] })
})

it('confirms bytes once they are on the disk, with the name they are found by', async () => {
  const id = newId()
  await files.uploads.create(id, 10)
  flushes = []
  expect((await patch(id, 0, 'half ')).response.headers.get('Upload-Offset')).toBe('5')
  expect(flushes.map(({ name, size }) => (name === 'files' ? name : `${name} ${size}`))).toEqual([
    `${id}.part 5`,
    'files',
  ])
})

it('gives a file its name only when all of it is on the disk, and counts it as whole when the name is', async () => {
  const id = newId()
  await files.uploads.create(id, 10)
  await patch(id, 0, 'half ')
  flushes = []
  expect((await patch(id, 5, 'whole')).finished).toBe(true)
  const named = flushes.findIndex(({ names }) => names.includes(id))
  expect(flushes.slice(0, named).some(({ name, size }) => name === `${id}.part` && size === 10)).toBe(true)
  expect(flushes[named]?.name).toBe('files')
})

it('confirms nothing that the disk would not keep, and takes it again', async () => {
  const id = newId()
  await files.uploads.create(id, 10)
  await patch(id, 0, 'half ')
  failing = /\.part$/
  await expect(patch(id, 5, 'whole')).rejects.toMatchObject({ code: 'unavailable' })
  expect(await files.uploads.offset(id)).toBe(5)
  failing = undefined
  expect((await patch(id, 5, 'whole')).finished).toBe(true)
})

it('does not call a file whole whose name the disk would not keep', async () => {
  const id = newId()
  await files.uploads.create(id, 5)
  await patch(id, 0, 'half')
  failing = /files$/
  await expect(patch(id, 4, '!')).rejects.toMatchObject({ code: 'unavailable' })
})

it('flushes what a relay left that died before it could, before it counts as whole', async () => {
  const id = newId()
  await files.uploads.create(id, 5)
  const left = await open(join(folder, `${id}.part`), 'w')
  await left.writeFile('whole')
  await left.close()
  flushes = []
  expect(await files.uploads.isWhole(id)).toBe(true)
  expect(flushes.map(({ name }) => name)).toEqual([`${id}.part`, 'files'])
})

it('flushes an agent’s file and its name before it is kept', async () => {
  const id = newId()
  await files.blobs.write(id, new Blob(['whole']).stream(), { maxBytes: 5 })
  expect(flushes.slice(-2)).toMatchObject([
    { name: `${id}.new`, size: 5 },
    { name: 'files', names: [id] },
  ])
})
