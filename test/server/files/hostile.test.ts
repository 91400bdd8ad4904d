/** Hostile files through the whole room: named, announced, uploaded over HTTP, looked into, and gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkFile, cleanFileName, type Verdict } from '../../../server/files/check.ts'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { newId, type Place, placeOnDisk } from '../../fixtures/blob-stores.ts'
import { beginPatch, offsetAt, patch, type Served, serve } from '../../fixtures/files-server.ts'
import { allowed, type HostileFile, hostileFiles } from '../../fixtures/hostile-files.ts'
import { isoMedia, jpeg, pdf, png, utf16, zip } from '../../fixtures/sample-files.ts'

let place: Place
let files: Files
let served: Served

beforeAll(async () => {
  place = await placeOnDisk()
  files = await createFiles(place.url)
  served = await serve(files)
})
afterAll(async () => {
  await files.close()
  await served.close()
  await place.close()
})

/** As the relay does it: what is refused is removed at once. */
async function send({ fileName, fileType, bytes }: Omit<HostileFile, 'reason'>): Promise<Verdict> {
  const id = newId()
  await files.uploads.create(id, bytes.length)
  expect((await patch(served.urlOf(id), 0, bytes)).status).toBe(204)
  const kept = await files.blobs.read(id)
  if (!kept) throw new Error('the upload is not whole')
  const declared = { fileName: cleanFileName(fileName), fileType, fileSize: bytes.length }
  const verdict = await checkFile(kept.body, declared, allowed)
  await files.blobs.remove(id)
  return verdict
}

describe('a hostile file is refused with its reason and leaves nothing', () => {
  it.each(Object.entries(hostileFiles))('%s', async (_name, file) => {
    expect(await send(file)).toEqual({ ok: false, reason: file.reason })
    expect(await place.left()).toEqual([])
  })

  const bombs = Object.entries(hostileFiles).filter(([name]) => name.includes('bomb'))
  it.each(bombs)('%s, without unpacking it', async (_name, file) => {
    const before = process.memoryUsage().rss
    await send(file)
    // Each unpacks to 64 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024)
  })
})

describe('an honest file is taken', () => {
  const honest: [string, string, string, Buffer<ArrayBuffer>][] = [
    ['a PNG', 'a.png', 'image/png', png()],
    ['a JPEG by its old name', 'a.jpg', 'image/jpg', jpeg()],
    ['an iPhone’s HEIC', 'IMG_1.HEIC', 'image/heic', isoMedia('heic')],
    ['another phone’s HEIC', 'a.heic', 'image/heic', isoMedia('mif1')],
    ['an MP4', 'a.mp4', 'video/mp4', isoMedia('isom')],
    ['an iPhone’s film', 'a.mov', 'video/quicktime', isoMedia('qt')],
    ['a PDF', 'a.pdf', 'application/pdf', pdf()],
    ['a zip', 'saves.zip', 'application/zip', zip({ 'slot1.sav': 'x', 'slot2.sav': 'y' })],
    ['a zip by Windows’ name', 'saves.zip', 'application/x-zip-compressed', zip({ 'slot1.sav': 'x' })],
    [
      'a log',
      'player.log',
      'text/plain',
      Buffer.from('12:00 <color=red>GPU</color> lost\n\u001b[31mat List<Object>\n'),
    ],
    [
      'a chat that begins with a name',
      'chat.txt',
      'text/plain',
      Buffer.from('<Kim> are you there?\n<Lee> yes — über\n'),
    ],
    ['a log in UTF-16', 'a.txt', 'text/plain', utf16('größe\r\n')],
    ['a long log cut within a character', 'a.txt', 'text/plain', Buffer.from(`x${'é'.repeat(40_000)}`)],
  ]
  it.each(honest)('%s', async (_name, fileName, fileType, bytes) => {
    expect(await send({ fileName, fileType, bytes })).toMatchObject({ ok: true })
    expect(await place.left()).toEqual([])
  })

  it.each([
    ['a PNG called a JPEG', 'shot.jpg', 'image/jpeg', png(), 'image/png'],
    ['a HEIC called a JPEG', 'IMG_1.jpg', 'image/jpeg', isoMedia('heic'), 'image/heic'],
    ['a JPEG called a PNG', 'a.png', 'image/png', jpeg(), 'image/jpeg'],
  ])('%s, as what it is', async (_name, fileName, fileType, bytes, real) => {
    expect(await send({ fileName, fileType, bytes })).toEqual({ ok: true, fileType: real })
  })

  it('under the name the studio uses for its type', async () => {
    expect(await send({ fileName: 'a.jpg', fileType: 'image/jpg', bytes: jpeg() })).toEqual({
      ok: true,
      fileType: 'image/jpeg',
    })
  })
})

describe('a lie about the size', () => {
  it('0 bytes are not announced at all', async () => {
    await expect(files.uploads.create(newId(), 0)).rejects.toThrow(RangeError)
    expect(await place.left()).toEqual([])
  })

  it('fewer bytes than announced never become a file', async () => {
    const id = newId()
    await files.uploads.create(id, 1_000)
    await patch(served.urlOf(id), 0, png())
    expect(served.finished).not.toContain(id)
    expect(await files.blobs.read(id)).toBeUndefined()
    await files.uploads.remove(id)
    expect(await place.left()).toEqual([])
  })

  it('2 GB announced take up no room before they come', async () => {
    const id = newId()
    await files.uploads.create(id, 2 * 1024 ** 3)
    await patch(served.urlOf(id), 0, png())
    expect(await place.stored()).toBeLessThan(1_000)
    await files.uploads.remove(id)
    expect(await place.left()).toEqual([])
  })

  it('a request that announces 2 GB for a small file is refused before it is read', async () => {
    const id = newId()
    await files.uploads.create(id, 10)
    const socket = beginPatch(served.port, id, 0, 2 * 1024 ** 3)
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    expect(answer).toContain('413')
    expect(await place.left()).toEqual([])
    socket.destroy()
  })

  it('a file that lost bytes in the storage is unreadable, not accepted', async () => {
    const verdict = await checkFile(
      new Blob([png()]).stream(),
      { fileName: 'a.png', fileType: 'image/png', fileSize: 5_000 },
      allowed,
    )
    expect(verdict).toEqual({ ok: false, reason: 'unreadable' })
  })
})

it('200 files at once are each looked into, and each is gone', async () => {
  const verdicts = await Promise.all(
    Array.from({ length: 200 }, (_, index) => send({ fileName: `${index}.png`, fileType: 'image/png', bytes: png() })),
  )
  expect(verdicts.every(({ ok }) => ok)).toBe(true)
  expect(await place.left()).toEqual([])
})

it('100 requests for one upload at once neither mix its bytes nor lose any', async () => {
  const bytes = Buffer.from('0123456789'.repeat(10))
  const id = newId()
  await files.uploads.create(id, bytes.length)
  await Promise.all(Array.from({ length: 100 }, (_, at) => patch(served.urlOf(id), at, bytes.subarray(at, at + 1))))
  for (let at = await offsetAt(served.urlOf(id)); at < bytes.length; at += 1) {
    await patch(served.urlOf(id), at, bytes.subarray(at, at + 1))
  }
  const kept = await files.blobs.read(id)
  expect(await new Response(kept?.body).text()).toBe(bytes.toString())
  await files.blobs.remove(id)
  expect(await place.left()).toEqual([])
})

describe('what is looked into', () => {
  it('is read only as far as needed, and the rest is let go', async () => {
    let pulled = 0
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(pulled === 0 ? png() : Buffer.alloc(64 * 1024))
        pulled += 1
      },
      cancel: () => {
        cancelled = true
      },
    })
    const declared = { fileName: 'a.png', fileType: 'image/png', fileSize: 500_000_000 }
    expect(await checkFile(body, declared, allowed)).toMatchObject({ ok: true })
    expect(pulled).toBeLessThan(8)
    expect(cancelled).toBe(true)
  })

  it('is not blamed for a storage that fails', async () => {
    const failure = new Error('the disk is gone')
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(failure) })
    const declared = { fileName: 'a.png', fileType: 'image/png', fileSize: 10 }
    await expect(checkFile(body, declared, allowed)).rejects.toBe(failure)
  })

  it.each(['image/png', 'image/jpeg'])(
    'is refused when the game does not take what it really is, called %s',
    async (fileType) => {
      const declared = { fileName: 'a.png', fileType, fileSize: png().length }
      expect(await checkFile(new Blob([png()]).stream(), declared, ['image/jpeg'])).toEqual({
        ok: false,
        reason: 'type_not_allowed',
      })
    },
  )
})
