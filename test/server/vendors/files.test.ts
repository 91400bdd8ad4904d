/** A player's file through the relay to every vendor, byte by byte; and another player, who holds every id of it. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { tus } from '../../fixtures/files-server.ts'
import { announce, begin, pngOf, send, upload } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { type Scene, setScene, tokenOf } from '../../fixtures/vendor-relay.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')
const bob = tokenOf('bob')
/** More than one chunk, and no multiple of any. */
const bytes = Buffer.concat([png(), randomBytes(700_001)])
const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

describe.each(simulatorNames)('Through the relay, %s', (name) => {
  let scene: Scene
  const native = name === 'theymes' || name === 'i3d'

  beforeAll(async () => {
    scene = await setScene(name)
  })

  afterAll(async () => {
    await scene.end()
    expect(scene.simulator.violations).toEqual([])
  })

  const linksIn = (lines: readonly string[]) =>
    lines.flatMap((line) => line.match(/https?:\/\/\S+\/files\/[^\s"]+/g) ?? [])

  it('gets a file as it is, with the ticket and with a reply', async () => {
    const opened = await scene.open(ada, { attachments: [await upload(scene, ada, bytes)] })
    const second = Buffer.concat([bytes, Buffer.from('!')])
    const body = { message: 'Noch ein Bild', attachments: [await upload(scene, ada, second, { fileName: 'zwei.png' })] }
    await scene.call(`POST /v1/tickets/${opened.id}/messages`, { token: ada, key: 'reply', body })
    await scene.readUntil(
      ada,
      opened.id,
      ({ messages }) => messages.every((one) => one.delivery !== 'received'),
      'all is there',
    )
    const found = await scene.atVendor(opened.number)
    if (native) {
      const files = found.flatMap((ticket) => [...ticket.files])
      expect(files.map((file) => [file.fileName, file.fileType, hashOf(file.bytes)])).toEqual([
        ['screenshot.png', 'image/png', hashOf(bytes)],
        ['zwei.png', 'image/png', hashOf(second)],
      ])
      return
    }
    const links = [...new Set(found.flatMap((ticket) => linksIn(ticket.lines)))]
    const hashes = await Promise.all(
      links.map(async (link) => hashOf(new Uint8Array(await (await fetch(link)).arrayBuffer()))),
    )
    expect(new Set(hashes)).toEqual(new Set([hashOf(bytes), hashOf(second)]))
    const forged = (links[0] ?? '').replace(/until=\d+/, 'until=9999999999')
    expect((await fetch(forged)).status).toBe(404)
  })

  it.skipIf(native)('gets a link that is over after a week', async () => {
    const opened = await scene.open(ada, { attachments: [await upload(scene, ada, bytes)], message: 'Und weg' })
    const links = linksIn((await scene.atVendor(opened.number)).flatMap((ticket) => [...ticket.lines]))
    const [link = ''] = links
    expect((await fetch(link)).status).toBe(200)
    scene.pass(7 * 86_400_000 + 1_000)
    expect((await fetch(link)).status).toBe(404)
  })

  it('gets nothing of Ada’s from Bob, and neither does Bob', async () => {
    const fresh = tokenOf('ada', { iat: Math.floor(Date.now() / 1_000) })
    const scene = await setScene(name)
    const loose = await upload(scene, fresh, bytes)
    const { id: moving, url } = await begin(scene, fresh, pngOf(bytes.length))
    await send(url, fresh, bytes.subarray(0, 1_000))
    const carried = await upload(scene, fresh, bytes)
    await scene.open(fresh, { attachments: [carried] })
    const urlOf = (id: AttachmentId) => `${scene.url()}/v1/uploads/${id}`
    const as = (token: string) => ({ ...tus, authorization: `Bearer ${token}` })
    const stranger = (
      await scene.call<{ token: string }>('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'anonymous' } })
    ).body.token
    for (const token of [bob, stranger]) {
      for (const id of [loose, moving, carried]) {
        expect((await scene.call(`GET /v1/attachments/${id}`, { token })).status).toBe(404)
        expect((await scene.call(`DELETE /v1/attachments/${id}`, { token })).status).toBe(404)
        expect((await fetch(urlOf(id), { method: 'HEAD', headers: as(token) })).status).toBe(404)
        expect((await send(urlOf(id), token, bytes.subarray(1_000), 1_000)).status).toBe(404)
        const body = { message: 'Meins', language: 'de', email: 'bob@players.example', attachments: [id] }
        const attached = await scene.call('POST /v1/tickets', { token, key: crypto.randomUUID(), body })
        expect(attached).toMatchObject({ status: 422, body: { errors: [{ path: 'attachments.0', code: 'unknown' }] } })
        expect((await fetch(`${scene.url()}/files/${id}?until=9999999999&signature=AAAA`)).status).toBe(404)
      }
    }
    // What is not there answers just the same.
    const nobodys = 'AAAAAAAAAAAAAAAAAAAAAA' as AttachmentId
    expect((await scene.call(`GET /v1/attachments/${nobodys}`, { token: bob })).status).toBe(404)
    expect((await fetch(urlOf(nobodys), { method: 'HEAD', headers: as(bob) })).status).toBe(404)
    expect((await announce(scene, 'no-token', pngOf(1))).status).toBe(401)
    await send(url, fresh, bytes.subarray(1_000), 1_000)
    const mine = await fetch(`${scene.url()}/v1/attachments/${moving}`, {
      headers: { authorization: `Bearer ${fresh}` },
    })
    expect(hashOf(new Uint8Array(await mine.arrayBuffer()))).toBe(hashOf(bytes))
    await scene.end()
  })
})
