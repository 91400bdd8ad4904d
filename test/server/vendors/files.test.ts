/** A player's file through the relay to every vendor, byte by byte; and another player, who holds every id of it. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { tus } from '../../fixtures/files-server.ts'
import { announce, begin, pngOf, send, upload } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { type RelayFixture, startVendorRelay, tokenOf } from '../../fixtures/vendor-relay.ts'
import { simulatorNames } from '../../simulators/simulators.ts'

const ada = tokenOf('ada')
const bob = tokenOf('bob')
/** More than one chunk, and no multiple of any. */
const bytes = Buffer.concat([png(), randomBytes(700_001)])
const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

describe.each(simulatorNames)('Through the relay, %s', (name) => {
  let fixture: RelayFixture
  const native = name === 'theymes' || name === 'i3d'

  beforeAll(async () => {
    fixture = await startVendorRelay(name)
  })

  afterAll(async () => {
    await fixture.end()
    expect(fixture.simulator.violations).toEqual([])
  })

  const linksIn = (lines: readonly string[]) =>
    lines.flatMap((line) => line.match(/https?:\/\/\S+\/files\/[^\s"]+/g) ?? [])

  it('gets a file as it is, with the ticket and with a reply', async () => {
    const opened = await fixture.open(ada, { attachments: [await upload(fixture, ada, bytes)] })
    const second = Buffer.concat([bytes, Buffer.from('!')])
    const body = {
      message: 'Noch ein Bild',
      attachments: [await upload(fixture, ada, second, { fileName: 'zwei.png' })],
    }
    await fixture.call(`POST /v1/tickets/${opened.id}/messages`, { token: ada, key: 'reply', body })
    await fixture.readUntil(
      ada,
      opened.id,
      ({ messages }) => messages.every((one) => one.delivery !== 'received'),
      'all is there',
    )
    const found = await fixture.atVendor(opened.number)
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
    const opened = await fixture.open(ada, { attachments: [await upload(fixture, ada, bytes)], message: 'Und weg' })
    const links = linksIn((await fixture.atVendor(opened.number)).flatMap((ticket) => [...ticket.lines]))
    const [link = ''] = links
    expect((await fetch(link)).status).toBe(200)
    fixture.pass(7 * 86_400_000 + 1_000)
    expect((await fetch(link)).status).toBe(404)
  })

  it('gets nothing of Ada’s from Bob, and neither does Bob', async () => {
    const fresh = tokenOf('ada', { iat: Math.floor(Date.now() / 1_000) })
    const fixture = await startVendorRelay(name)
    const loose = await upload(fixture, fresh, bytes)
    const { id: moving, url } = await begin(fixture, fresh, pngOf(bytes.length))
    await send(url, fresh, bytes.subarray(0, 1_000))
    const carried = await upload(fixture, fresh, bytes)
    await fixture.open(fresh, { attachments: [carried] })
    const urlOf = (id: AttachmentId) => `${fixture.url()}/v1/uploads/${id}`
    const as = (token: string) => ({ ...tus, authorization: `Bearer ${token}` })
    const stranger = (
      await fixture.call<{ token: string }>('POST /v1/sessions', { body: { game: 'star-harbor', kind: 'anonymous' } })
    ).body.token
    for (const token of [bob, stranger]) {
      for (const id of [loose, moving, carried]) {
        expect((await fixture.call(`GET /v1/attachments/${id}`, { token })).status).toBe(404)
        expect((await fixture.call(`DELETE /v1/attachments/${id}`, { token })).status).toBe(404)
        expect((await fetch(urlOf(id), { method: 'HEAD', headers: as(token) })).status).toBe(404)
        expect((await send(urlOf(id), token, bytes.subarray(1_000), 1_000)).status).toBe(404)
        const body = { message: 'Meins', language: 'de', email: 'bob@players.example', attachments: [id] }
        const attached = await fixture.call('POST /v1/tickets', { token, key: crypto.randomUUID(), body })
        expect(attached).toMatchObject({ status: 422, body: { errors: [{ path: 'attachments.0', code: 'unknown' }] } })
        expect((await fetch(`${fixture.url()}/files/${id}?until=9999999999&signature=AAAA`)).status).toBe(404)
      }
    }
    // What is not there answers just the same.
    const nobodys = 'AAAAAAAAAAAAAAAAAAAAAA' as AttachmentId
    expect((await fixture.call(`GET /v1/attachments/${nobodys}`, { token: bob })).status).toBe(404)
    expect((await fetch(urlOf(nobodys), { method: 'HEAD', headers: as(bob) })).status).toBe(404)
    expect((await announce(fixture, 'no-token', pngOf(1))).status).toBe(401)
    await send(url, fresh, bytes.subarray(1_000), 1_000)
    const mine = await fetch(`${fixture.url()}/v1/attachments/${moving}`, {
      headers: { authorization: `Bearer ${fresh}` },
    })
    expect(hashOf(new Uint8Array(await mine.arrayBuffer()))).toBe(hashOf(bytes))
    await fixture.end()
  })
})
