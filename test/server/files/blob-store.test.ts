/** What both places promise: a file is whole or not there, and removing leaves nothing. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseS3Url } from '../../../server/config/s3-address.ts'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { createS3Client } from '../../../server/files/s3-client.ts'
import { collect, newId, type Place, placeOnS3, places } from '../../fixtures/blob-stores.ts'

const megabyte = 1_000_000

describe.each(Object.entries(places))('files kept on %s', (_name, open) => {
  let place: Place
  let files: Files

  beforeAll(async () => {
    place = await open()
    files = await createFiles(place.url, place.options)
  })
  afterAll(async () => {
    await files.close()
    await place.close()
  })
  beforeEach(async () => {
    for await (const { id } of files.blobs.list()) await files.blobs.remove(id)
    expect(await place.left()).toEqual([])
  })

  const write = (id: string, bytes: Buffer<ArrayBuffer>, maxBytes = 50 * megabyte) =>
    files.blobs.write(id, new Blob([bytes]).stream(), { maxBytes })

  it('gives back what was written, however many pieces that takes', async () => {
    for (const size of [1, 70_000, 8 * 1024 * 1024, 20 * megabyte]) {
      const id = newId()
      const bytes = randomBytes(size)
      expect(await write(id, bytes)).toEqual({ size })
      const kept = await files.blobs.read(id)
      expect(kept?.size).toBe(size)
      expect(bytes.equals(Buffer.from(await new Response(kept?.body).arrayBuffer()))).toBe(true)
    }
  })

  it('has nothing to read before, and nothing left after it is removed', async () => {
    const id = newId()
    expect(await files.blobs.read(id)).toBeUndefined()
    await write(id, randomBytes(10 * megabyte))
    await files.blobs.remove(id)
    expect(await files.blobs.read(id)).toBeUndefined()
    expect(await place.left()).toEqual([])
    await files.blobs.remove(id)
  })

  it('leaves nothing of a write that goes over its limit', async () => {
    const id = newId()
    await expect(write(id, randomBytes(10 * megabyte), 9 * megabyte)).rejects.toMatchObject({ code: 'too_large' })
    expect(await files.blobs.read(id)).toBeUndefined()
    expect(await place.left()).toEqual([])
  })

  it('leaves nothing of a write whose source breaks', async () => {
    const broken = new Error('the vendor hung up')
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent > 9 * megabyte) return controller.error(broken)
        sent += megabyte
        controller.enqueue(randomBytes(megabyte))
      },
    })
    await expect(files.blobs.write(newId(), body, { maxBytes: 50 * megabyte })).rejects.toBe(broken)
    expect(await place.left()).toEqual([])
  })

  it('stops a write that is aborted, even when its source never speaks again, and tells the source', async () => {
    const stopping = new AbortController()
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(randomBytes(100)),
      cancel: () => {
        cancelled = true
      },
    })
    const writing = files.blobs.write(newId(), body, { maxBytes: 1_000, signal: stopping.signal })
    const reason = new Error('no longer wanted')
    stopping.abort(reason)
    await expect(writing).rejects.toBe(reason)
    expect(cancelled).toBe(true)
    expect(await place.left()).toEqual([])
  })

  it('lists each file once with its size and its time, unfinished uploads too', async () => {
    const whole = newId()
    const started = newId()
    const since = Date.now() - 2_000
    await write(whole, randomBytes(9 * megabyte))
    await files.uploads.create(started, 100)
    const listed = await collect(files.blobs.list())
    expect(listed.map(({ id }) => id).toSorted()).toEqual([whole, started].toSorted())
    expect(listed.find(({ id }) => id === whole)?.size).toBeGreaterThanOrEqual(9 * megabyte)
    for (const { modifiedAt } of listed) expect(modifiedAt.getTime()).toBeGreaterThan(since)
  })

  it('stops reading at the storage when the reader goes away', async () => {
    const id = newId()
    await write(id, randomBytes(20 * megabyte))
    const kept = await files.blobs.read(id)
    const reader = kept?.body.getReader()
    expect((await reader?.read())?.done).toBe(false)
    await reader?.cancel()
    await files.blobs.remove(id)
    expect(await place.left()).toEqual([])
  })

  it.each([
    '',
    '..',
    '../../../../etc/passwd',
    'a/b',
    'A'.repeat(21),
    'A'.repeat(23),
    `${'A'.repeat(21)}/`,
    `${'A'.repeat(21)}\0`,
  ])('refuses %j where an id is wanted, whatever is asked', async (id) => {
    const refused = expect.objectContaining({ code: 'invalid_id' })
    await expect(write(id, randomBytes(1))).rejects.toEqual(refused)
    await expect(files.blobs.read(id)).rejects.toEqual(refused)
    await expect(files.blobs.remove(id)).rejects.toEqual(refused)
    await expect(files.uploads.create(id, 1)).rejects.toEqual(refused)
    await expect(files.uploads.offset(id)).rejects.toEqual(refused)
    await expect(files.uploads.handle(new Request('http://relay.example/'), id)).rejects.toEqual(refused)
    expect(await place.left()).toEqual([])
  })
})

it('lists more files than one page of S3 holds', async () => {
  const place = await placeOnS3()
  const { credentials = { accessKeyId: '', secretAccessKey: '' } } = place.options
  const address = parseS3Url(place.url)
  if (!address) throw new Error(`${place.url} names no S3 store`)
  const client = createS3Client(address, credentials)
  const ids = Array.from({ length: 1_050 }, newId)
  await Promise.all(ids.map((id) => client.put(`${id}/of-1`, '')))
  const files = await createFiles(place.url, place.options)
  const listed = (await collect(files.blobs.list())).map(({ id }) => id)
  expect(listed.toSorted()).toEqual(ids.toSorted())
  await files.close()
  await place.close()
})

describe('the address of a place', () => {
  it.each(['', 'data/files', 'ftp://host/files', 'file:', 's3://bucket/x', 's3:bucket'])('refuses %j', async (url) => {
    await expect(createFiles(url)).rejects.toMatchObject({ code: 'misconfigured' })
  })

  it('refuses an S3 address whose endpoint is none', async () => {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    await expect(createFiles('s3://bucket?endpoint=nowhere', { credentials })).rejects.toThrow(/s3:\/\/bucket\/prefix/)
  })
})
