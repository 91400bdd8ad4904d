/** Uploads over real HTTP, on disk and on S3. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Upload } from 'tus-js-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createFiles, type Files } from '../../../server/files/files.ts'
import { newId, type Place, places } from '../../fixtures/blob-stores.ts'
import { beginPatch, offsetAt, patch, type Served, serve, tus } from '../../fixtures/files-server.ts'

describe.each(Object.entries(places))('uploads kept on %s', (_name, open) => {
  let place: Place
  let files: Files
  let served: Served

  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place.close())
  beforeEach(async () => {
    files = await createFiles(place.url, { ...place.options, idleTimeoutMs: 5_000 })
    served = await serve(files)
  })
  afterEach(async () => {
    await files.close()
    await served.close()
  })

  async function announce(size: number): Promise<{ id: string; url: string }> {
    const id = newId()
    await files.uploads.create(id, size)
    return { id, url: served.urlOf(id) }
  }

  it('takes a file from tus-js-client whole and byte-identical, and says once that it is finished', async () => {
    const bytes = randomBytes(3_000_001)
    const { id, url } = await announce(bytes.length)
    await sendByTus(bytes, url)
    expect(await kept(files, id)).toEqual(bytes)
    expect(served.finished).toEqual([id])
  })

  it('takes a file in small pieces of any length', async () => {
    const bytes = randomBytes(10_007)
    const { id, url } = await announce(bytes.length)
    await sendByTus(bytes, url, 1_001)
    expect(await kept(files, id)).toEqual(bytes)
  })

  it('keeps what arrived when the connection breaks, and goes on from there', async () => {
    const bytes = randomBytes(12_000_000)
    const { id, url } = await announce(bytes.length)
    async function breakOffAt(until: number, from: number): Promise<number> {
      const socket = await begin(id, from, bytes.length - from)
      await new Promise<void>((resolve) => socket.write(bytes.subarray(from, until), () => resolve()))
      socket.destroy()
      const reached = await offsetAt(url)
      // What was written may not have arrived when the connection broke: then the player tries again.
      return reached > from ? reached : breakOffAt(until, from)
    }
    let safe = 0
    for (const until of [1_000_000, 5_500_000, 11_999_999]) safe = await breakOffAt(until, safe)
    const offset = await offsetAt(url)
    expect(offset).toBe(safe)
    expect(served.finished).toEqual([])
    const last = await patch(url, offset, bytes.subarray(offset))
    expect(last.status).toBe(204)
    expect(await kept(files, id)).toEqual(bytes)
  })

  it('never moves a confirmed offset back, however often the connection breaks at once', async () => {
    const bytes = randomBytes(500_000)
    const { id, url } = await announce(bytes.length)
    await patch(url, 0, bytes.subarray(0, 300_000))
    for (let round = 0; round < 5; round += 1) {
      const socket = await begin(id, 300_000, 200_000)
      socket.destroy()
      expect(await offsetAt(url)).toBe(300_000)
    }
  })

  it('lets a newcomer in while a dead connection still holds the upload, and drops none of its bytes', async () => {
    const bytes = randomBytes(400_000)
    const { id, url } = await announce(bytes.length)
    let offset = 0
    // What was written may not have arrived when the newcomer came.
    while (offset < 100_000) {
      const dead = await begin(id, offset, bytes.length - offset)
      dead.write(bytes.subarray(offset, 100_000))
      offset = await offsetAt(url)
      onTestFinished(() => void dead.destroy())
    }
    const rest = await patch(url, 100_000, bytes.subarray(100_000))
    expect(rest.status).toBe(204)
    expect(await kept(files, id)).toEqual(bytes)
  })

  it('tells the request that was pushed aside 423, which tus clients retry', async () => {
    const { id, url } = await announce(1_000)
    const first = await begin(id, 0, 1_000)
    const answered = once(first, 'data')
    await offsetAt(url)
    const [answer] = await answered
    expect(String(answer)).toContain('423 Locked')
    first.destroy()
  })

  it('lets go of a connection that sends nothing more, and keeps its bytes', async () => {
    const impatient = await createFiles(place.url, { ...place.options, idleTimeoutMs: 500 })
    const behind = await serve(impatient)
    const id = newId()
    await impatient.uploads.create(id, 1_000)
    const socket = beginPatch(behind.port, id, 0, 1_000)
    socket.write(randomBytes(10))
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('408 Request Timeout')
    expect(await impatient.uploads.offset(id)).toBe(10)
    await impatient.close()
    await behind.close()
  })

  it('knows its uploads after a restart', async () => {
    const bytes = randomBytes(50_000)
    const { id, url } = await announce(bytes.length)
    await patch(url, 0, bytes.subarray(0, 20_000))
    await files.close()
    const again = await createFiles(place.url, place.options)
    const behind = await serve(again)
    expect(await offsetAt(behind.urlOf(id))).toBe(20_000)
    await patch(behind.urlOf(id), 20_000, bytes.subarray(20_000))
    expect(await kept(again, id)).toEqual(bytes)
    await again.close()
    await behind.close()
  })

  it('ends running uploads when it closes, keeping what arrived', async () => {
    const { id } = await announce(1_000)
    const socket = await begin(id, 0, 1_000)
    socket.write(randomBytes(400))
    await files.close()
    const again = await createFiles(place.url, place.options)
    expect(await again.uploads.offset(id)).toBe(400)
    await again.close()
    socket.destroy()
  })

  it('refuses more bytes than were announced, by header and in the stream, and keeps none of them', async () => {
    const byHeader = await announce(100)
    expect((await patch(byHeader.url, 0, randomBytes(101))).status).toBe(413)
    const inStream = await announce(100)
    const endless = new Blob([randomBytes(5_000_000)]).stream()
    expect((await patch(inStream.url, 0, endless)).status).toBe(413)
    for (const { id } of [byHeader, inStream]) {
      expect(await files.uploads.offset(id)).toBeUndefined()
      expect((await place.left()).filter((name) => name.includes(id))).toEqual([])
    }
  })

  it('shows nothing of a file before it is whole', async () => {
    const { id, url } = await announce(100)
    await patch(url, 0, randomBytes(99))
    expect(await files.blobs.read(id)).toBeUndefined()
  })

  it('stops a running request when its upload is removed, and leaves nothing', async () => {
    const { id, url } = await announce(1_000_000)
    await patch(url, 0, randomBytes(1_000))
    const socket = await begin(id, 1_000, 999_000)
    socket.write(randomBytes(1_000))
    await files.uploads.remove(id)
    expect(await offsetAt(url)).toBeNaN()
    expect((await place.left()).filter((name) => name.includes(id))).toEqual([])
    await files.uploads.remove(id)
    socket.destroy()
  })

  it('refuses to begin an upload twice, and one without a byte', async () => {
    const { id } = await announce(10)
    await expect(files.uploads.create(id, 10)).rejects.toMatchObject({ code: 'exists' })
    await expect(files.uploads.create(newId(), 0)).rejects.toThrow(RangeError)
  })

  it('says again that a file is finished when asked again, for the relay may have died in between', async () => {
    const { id, url } = await announce(10)
    await patch(url, 0, randomBytes(10))
    expect(await offsetAt(url)).toBe(10)
    expect((await patch(url, 10, new Uint8Array())).status).toBe(204)
    expect(served.finished).toEqual([id, id, id])
  })

  /** Resolves when the relay has begun to take the request in. */
  async function begin(id: string, offset: number, length: number): Promise<Socket> {
    const before = served.begun()
    const socket = beginPatch(served.port, id, offset, length)
    await expect.poll(served.begun, { interval: 5 }).toBe(before + 1)
    return socket
  }

  describe('as tus 1.0 has it', () => {
    it('answers HEAD with offset and length, never cached', async () => {
      const { url } = await announce(7)
      const { status, headers } = await fetch(url, { method: 'HEAD', headers: tus })
      expect(status).toBe(200)
      expect(headers.get('Upload-Offset')).toBe('0')
      expect(headers.get('Upload-Length')).toBe('7')
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('Tus-Resumable')).toBe('1.0.0')
    })

    it('answers OPTIONS with its version, without asking for the client’s', async () => {
      const { url } = await announce(7)
      const { status, headers } = await fetch(url, { method: 'OPTIONS' })
      expect(status).toBe(204)
      expect(headers.get('Tus-Version')).toBe('1.0.0')
    })

    it('takes POST for PATCH where a proxy knows no PATCH', async () => {
      const { id, url } = await announce(3)
      const headers = { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' }
      const init = { method: 'POST', headers: { ...headers, 'X-HTTP-Method-Override': 'PATCH' }, body: 'abc' }
      expect((await fetch(url, init)).status).toBe(204)
      expect(await kept(files, id)).toEqual(Buffer.from('abc'))
    })

    const wrong: [string, number, (url: string) => Promise<Response>][] = [
      ['GET', 405, (url) => fetch(url, { headers: tus })],
      ['POST', 405, (url) => fetch(url, { method: 'POST', headers: tus })],
      ['DELETE', 405, (url) => fetch(url, { method: 'DELETE', headers: tus })],
      ['no version', 412, (url) => fetch(url, { method: 'HEAD' })],
      ['another version', 412, (url) => patch(url, 0, 'a', { 'Tus-Resumable': '0.2.2' })],
      ['another content type', 415, (url) => patch(url, 0, 'a', { 'Content-Type': 'text/plain' })],
      ['an offset further on', 409, (url) => patch(url, 5, 'a')],
      ['an offset that is none', 400, (url) => patch(url, 0, 'a', { 'Upload-Offset': '0x0' })],
      ['a negative offset', 400, (url) => patch(url, -1, 'a')],
      ['no such upload', 404, (url) => patch(url.replace(/[^/]+$/, newId()), 0, 'a')],
      ['an id that is a path', 404, (url) => patch(url.replace(/[^/]+$/, '..%2f..%2fetc%2fpasswd'), 0, 'a')],
    ]
    it.each(wrong)('refuses %s with %i and changes nothing', async (_what, status, send) => {
      const { id, url } = await announce(10)
      expect((await send(url)).status).toBe(status)
      expect(await files.uploads.offset(id)).toBe(0)
    })
  })
})

function sendByTus(bytes: Buffer, uploadUrl: string, chunkSize = Number.POSITIVE_INFINITY): Promise<void> {
  return new Promise((resolve, reject) => {
    new Upload(bytes, { uploadUrl, chunkSize, retryDelays: null, onSuccess: () => resolve(), onError: reject }).start()
  })
}

async function kept(files: Files, id: string): Promise<Buffer> {
  const found = await files.blobs.read(id)
  return Buffer.from(await new Response(found?.body).arrayBuffer())
}
