/** Every hostile file of the table through a real relay: refused with its code, and nothing of it left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostileFiles } from '../../../fixtures/hostile-files.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { announce, begin, fileOf, filesIn, pngOf, send } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'

let relay: TestRelay
let token: string

beforeAll(async () => {
  relay = await startRelay()
})

afterAll(() => relay.close())

/** The folder is made with the first file. */
const stored = () => filesIn(relay.folder)

describe('A hostile file is refused with its code and leaves nothing', () => {
  beforeAll(async () => {
    token = (await relay.signIn()).token
  })

  it.each(Object.entries(hostileFiles))('%s', async (_name, { fileName, fileType, bytes, reason }) => {
    const announced = await announce(relay, token, { fileName, fileType, fileSize: bytes.length })
    if (announced.status !== 201) {
      // The desk takes none of its type, whatever is in it.
      expect(announced).toMatchObject({ status: 415, body: { code: 'type_not_allowed' } })
    } else {
      const { id, upload } = announced.body
      if (upload.protocol !== 'tus') throw new Error('not by tus')
      expect((await send(upload.url, token, bytes)).status).toBe(204)
      expect(await fileOf(relay, token, id)).toMatchObject({ state: 'refused', reason })
      expect((await relay.call(`GET /v1/attachments/${id}`, { token })).status).toBe(404)
      expect((await send(upload.url, token, bytes)).status).toBe(404)
    }
    expect(await stored()).toEqual([])
  })
})

describe('A lie about a file', () => {
  beforeAll(async () => {
    token = (await relay.signIn()).token
  })

  it.each([
    ['0 bytes', { fileSize: 0 }, 422, 'invalid'],
    ['2 GB', { fileSize: 2 * 1024 ** 3 }, 413, 'too_large'],
    ['half a byte', { fileSize: 0.5 }, 422, 'invalid'],
    ['a type that is none', { fileType: 'image' }, 422, 'invalid'],
    ['no name', { fileName: '  ' }, 422, 'invalid'],
    ['a name of 300 characters', { fileName: 'x'.repeat(300) }, 422, 'invalid'],
  ])('%s is refused when it is announced', async (_name, lie, status, code) => {
    expect(await announce(relay, token, { ...pngOf(10), ...lie })).toMatchObject({ status, body: { code } })
    expect(await stored()).toEqual([])
  })

  it('more bytes than announced are refused, and what came before is dropped', async () => {
    const { url } = await begin(relay, token, pngOf(10))
    expect((await send(url, token, png())).status).toBe(413)
    expect(await stored()).toEqual([])
  })

  it('more bytes than announced, of a request that does not say how many, are refused as well', async () => {
    const { url } = await begin(relay, token, pngOf(10))
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(png())
        controller.close()
      },
    })
    expect((await send(url, token, body)).status).toBe(413)
    expect(await stored()).toEqual([])
  })
})

describe('A file name', () => {
  beforeAll(async () => {
    token = (await relay.signIn()).token
  })

  it.each([
    ['a path', '../../etc/passwd.png', 'passwd.png'],
    ['a path of Windows', 'C:\\Users\\kim\\shot.png', 'shot.png'],
    ['markup', '<img src=x onerror=alert(1)>.png', '_img src=x onerror=alert(1)_.png'],
    ['a change of direction', 'shot\u202Egnp.png', 'shotgnp.png'],
    ['a line break', 'a\r\nSet-Cookie: x.png', 'aSet-Cookie_ x.png'],
    ['a device of Windows', 'con.png', '_con.png'],
  ])('that is %s is cleaned, for the player, the agent and the download', async (_name, fileName, cleaned) => {
    const { id, url } = await begin(relay, token, { ...pngOf(png().length), fileName })
    await send(url, token, png())
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'ready', fileName: cleaned })
    const { headers } = await relay.call(`GET /v1/attachments/${id}`, { token })
    expect(headers.get('content-disposition')).toContain(
      `filename*=UTF-8''${encodeURIComponent(cleaned).replace(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    expect(headers.get('cache-control')).toBe('private, no-store')
    await relay.call(`DELETE /v1/attachments/${id}`, { token })
  })
})
