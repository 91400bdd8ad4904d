/** Files that a browser puts straight into Theymes' storage: whose they are, and how the relay knows that they are there. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AnnouncedAttachment } from '../../../server/contract/attachment.ts'
import type { AttachmentId } from '../../../server/contract/ids.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { announce, fileOf, pngOf, untilState } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { until } from '../../fixtures/wait.ts'
import { startTheymesSimulator, type TheymesSimulator } from '../../simulators/theymes/simulator.ts'

const bytes = Buffer.concat([png(), randomBytes(100_000)])

let vendor: TheymesSimulator
let relay: TestRelay
let token: string

beforeEach(async () => {
  vendor = await startTheymesSimulator()
  relay = await startRelay({ game: { vendor: vendor.config, attachments: { direct: true } } })
  token = (await relay.signIn()).token
})

afterEach(async () => {
  await relay.close()
  await vendor.close()
  expect(vendor.violations).toEqual([])
})

type Put = Extract<AnnouncedAttachment['upload'], { protocol: 'put' }>

async function prepare(declared = pngOf(bytes.length)): Promise<{ id: AttachmentId; upload: Put }> {
  const { body } = await announce(relay, token, declared)
  if (body.upload.protocol !== 'put') throw new Error('not by put')
  return { id: body.id, upload: body.upload }
}

/** What a browser does with it: the headers as given and no bearer. */
async function put({ url, headers }: Put, body = bytes): Promise<number> {
  return (await fetch(url, { method: 'PUT', headers, body })).status
}

const ticketOf = (number: string) =>
  until(() => vendor.tickets().find(({ lines }) => lines.some((line) => line.includes(number))), 'the vendor has it')

describe('A file that goes straight to the vendor', () => {
  it('is announced with an address of the vendor’s, how to call it and until when', async () => {
    const before = Date.now()
    const { upload } = await prepare()
    expect(upload.url).toContain(`${vendor.url}/uploads/`)
    expect(upload.headers).toMatchObject({ 'content-type': 'image/png' })
    expect(Date.parse(upload.expiresAt) - before).toBeGreaterThan(590_000)
    const asked = vendor.received.find(({ call }) => call === 'POST /attachments')
    expect(asked?.body).toMatchObject({ fileName: 'screenshot.png', fileSize: bytes.length })
    expect(asked?.body).toMatchObject({ playerId: expect.stringMatching(/^anon:/) })
  })

  it('is ready once the vendor has taken a ticket with it and shows it there, byte for byte', async () => {
    const { id, upload } = await prepare()
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'uploading' })
    expect(await put(upload)).toBe(200)
    const ticket = await relay.open(token, { attachments: [id] })
    expect(ticket.messages[0]?.attachments).toMatchObject([{ id, state: 'checking' }])
    await untilState(relay, token, id, 'ready')
    const [file] = (await ticketOf(ticket.number)).files
    expect(Buffer.from(file?.bytes ?? []).equals(bytes)).toBe(true)
    expect(vendor.received.filter(({ call }) => call === 'POST /attachments')).toHaveLength(1)
    const back = await fetch(`${relay.url}/v1/attachments/${id}`, { headers: { authorization: `Bearer ${token}` } })
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
    expect(back.headers.get('content-disposition')).toContain('attachment')
  })

  it('that never came does not keep its message back; player and agent are told', async () => {
    const { id } = await prepare()
    const ticket = await relay.open(token, { attachments: [id] })
    expect(await untilState(relay, token, id, 'refused')).toMatchObject({ reason: 'unreadable' })
    const seen = await ticketOf(ticket.number)
    expect(seen.files).toEqual([])
    expect(seen.lines).toContain('file screenshot.png: did not come along (it never arrived)')
  })

  it('is nobody else’s, is on one message only, and cannot be sent to the relay', async () => {
    const { id, upload } = await prepare()
    await put(upload)
    const other = (await relay.signIn()).token
    const open = (as: string) =>
      relay.call('POST /v1/tickets', {
        token: as,
        key: crypto.randomUUID(),
        body: { message: 'Mine', language: 'en', attachments: [id] },
      })
    expect(await open(other)).toMatchObject({ status: 422, body: { code: 'invalid' } })
    expect((await relay.call(`GET /v1/attachments/${id}`, { token: other })).status).toBe(404)
    expect((await relay.call(`DELETE /v1/attachments/${id}`, { token: other })).status).toBe(404)
    const headers = { 'tus-resumable': '1.0.0', authorization: `Bearer ${token}` }
    expect((await fetch(`${relay.url}/v1/uploads/${id}`, { method: 'HEAD', headers })).status).toBe(404)
    expect((await open(token)).status).toBe(201)
    expect(await open(token)).toMatchObject({ status: 422, body: { code: 'invalid' } })
  })

  it.each([
    ['a type the game does not take', { fileName: 'a.svg', fileType: 'image/svg+xml' }],
    ['a name that a system would run', { fileName: 'a.exe', fileType: 'image/png' }],
  ])('is refused beforehand with %s, since nobody will look into it', async (_name, declared) => {
    const answer = await announce(relay, token, { ...pngOf(10), ...declared })
    expect(answer).toMatchObject({ status: 415, body: { code: 'type_not_allowed' } })
    expect(vendor.received.filter(({ call }) => call === 'POST /attachments')).toEqual([])
  })

  it('goes through the relay after all while the vendor prepares nothing', async () => {
    vendor.misbehave('error', 1, 'POST /attachments')
    expect((await announce(relay, token, pngOf(bytes.length))).body).toMatchObject({ upload: { protocol: 'tus' } })
  })
})
