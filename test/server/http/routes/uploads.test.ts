/** Uploads through the relay by the client that the widget uses, broken off and gone on with. */
import { randomBytes } from 'node:crypto'
import { Upload } from 'tus-js-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tus } from '../../../fixtures/files-server.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { begin, fileOf, offsetOf, pngOf, send } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'

const bytes = Buffer.concat([png(), randomBytes(3_000_000)])

let relay: TestRelay
let token: string

beforeEach(async () => {
  relay = await startRelay()
  token = (await relay.signIn()).token
})

afterEach(() => relay.close())

interface Sent {
  /** Where each PATCH began. */
  offsets: number[]
}

/** As the widget sets it up, but in smaller pieces. */
function sendByClient(url: string, stopAfter = Number.POSITIVE_INFINITY): Promise<Sent> {
  const offsets: number[] = []
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      uploadUrl: url,
      storeFingerprintForResuming: false,
      chunkSize: 512 * 1024,
      retryDelays: [0, 100, 500, 1_000],
      headers: { authorization: `Bearer ${token}` },
      onBeforeRequest: (request) => {
        const offset = request.getMethod() === 'PATCH' ? request.getHeader('Upload-Offset') : undefined
        if (offset !== undefined) offsets.push(Number(offset))
      },
      onChunkComplete: (_size, accepted) => {
        if (accepted < stopAfter) return
        upload.abort().then(() => resolve({ offsets }), reject)
      },
      onSuccess: () => resolve({ offsets }),
      onError: reject,
    })
    upload.start()
  })
}

async function download(id: string): Promise<Buffer> {
  const response = await fetch(`${relay.url}/v1/attachments/${id}`, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

describe('An upload through the relay', () => {
  it('goes on where it stood when the page comes back', async () => {
    const { id, url } = await begin(relay, token, pngOf(bytes.length))
    await sendByClient(url, 1_000_000)
    const stood = await offsetOf(url, token)
    expect(stood).toBeGreaterThanOrEqual(1_000_000)
    expect((await sendByClient(url)).offsets[0]).toBe(stood)
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'ready' })
    expect((await download(id)).equals(bytes)).toBe(true)
  })

  it('goes on where it stood after a restart of the relay', async () => {
    const { id, url } = await begin(relay, token, pngOf(bytes.length))
    await sendByClient(url, 1_000_000)
    const stood = await offsetOf(url, token)
    relay = await relay.restart()
    const moved = new URL(new URL(url).pathname, relay.url).href
    expect((await sendByClient(moved)).offsets[0]).toBe(stood)
    expect((await download(id)).equals(bytes)).toBe(true)
  })

  it('that is whole already is a success, for a client whose last answer was lost', async () => {
    const { url } = await begin(relay, token, pngOf(bytes.length))
    await sendByClient(url)
    expect((await sendByClient(url)).offsets).toEqual([])
  })

  it('answers HEAD with where it stands, and keeps that from caches', async () => {
    const { url } = await begin(relay, token, pngOf(bytes.length))
    await send(url, token, bytes.subarray(0, 100))
    const { status, headers } = await fetch(url, {
      method: 'HEAD',
      headers: { ...tus, authorization: `Bearer ${token}` },
    })
    expect([status, headers.get('upload-offset'), headers.get('upload-length')]).toEqual([
      200,
      '100',
      `${bytes.length}`,
    ])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('takes POST for PATCH where a proxy lets nothing else through', async () => {
    const { url } = await begin(relay, token, pngOf(bytes.length))
    const headers = {
      ...tus,
      authorization: `Bearer ${token}`,
      'x-http-method-override': 'PATCH',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    }
    expect((await fetch(url, { method: 'POST', headers, body: bytes.subarray(0, 100) })).status).toBe(204)
    expect(await offsetOf(url, token)).toBe(100)
  })

  it('is gone, with its bytes, once the player has cancelled it', async () => {
    const { id, url } = await begin(relay, token, pngOf(bytes.length))
    await send(url, token, bytes.subarray(0, 100))
    expect((await relay.call(`DELETE /v1/attachments/${id}`, { token })).status).toBe(204)
    expect(await offsetOf(url, token)).toBeNaN()
    expect(await fileOf(relay, token, id)).toBeUndefined()
  })
})
