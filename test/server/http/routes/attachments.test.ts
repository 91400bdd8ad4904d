/** Where files lie, through a relay: on disk and on S3, kept, handed on, and gone when the player asks. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import { type Place, places } from '../../../fixtures/blob-stores.ts'
import { startRelay, type TestRelay } from '../../../fixtures/relay.ts'
import { begin, pngOf, send, upload } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'
import { until } from '../../../fixtures/wait.ts'

const bytes = Buffer.concat([png(), randomBytes(50_000)])

describe.each(Object.entries(places))('With files on %s', (name, open) => {
  let place: Place
  let spool: string
  let relay: TestRelay
  let token: string

  beforeEach(async () => {
    place = await open()
    spool = await mkdtemp(join(tmpdir(), 'medkit-spool-'))
    const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', spool }
    const config = { files: place.url, deletionGraceHours: 0, ...(name === 'S3' ? { s3: keys } : {}) }
    relay = await startRelay({ config })
    token = (await relay.signIn()).token
  })

  afterEach(async () => {
    await relay.close()
    await place.close()
    await rm(spool, { recursive: true, force: true })
  })

  const atDesk = async () => {
    const { id } = await until(async () => (await relay.desk.list())[0], 'the desk has the ticket')
    return relay.desk.read(id)
  }
  const read = async (id: string) => (await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })).body

  it('a player’s file reaches the desk as it is and comes back as it is, resumed by another relay', async () => {
    const { id, url } = await begin(relay, token, pngOf(bytes.length))
    await send(url, token, bytes.subarray(0, 20_000))
    relay = await relay.restart()
    expect((await send(`${relay.url}${new URL(url).pathname}`, token, bytes.subarray(20_000), 20_000)).status).toBe(204)
    await relay.open(token, { attachments: [id] })
    const [file] = (await atDesk()).files
    const copy = await relay.desk.download(file?.id ?? '')
    expect(Buffer.from(await copy.arrayBuffer()).equals(bytes)).toBe(true)
    const back = await fetch(`${relay.url}/v1/attachments/${id}`, { headers: { authorization: `Bearer ${token}` } })
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('a request for erasure takes along what the player sent, began and was sent, at the relay and at the desk', async () => {
    const carried = await upload(relay, token, bytes)
    await upload(relay, token, bytes)
    const { url } = await begin(relay, token, pngOf(bytes.length))
    await send(url, token, bytes.subarray(0, 20_000))
    const ticket = await relay.open(token, { attachments: [carried] })
    const seen = await atDesk()
    await relay.desk.answer(seen.ticket.id, 'Here', new File([bytes], 'answer.png', { type: 'image/png' }))
    await until(async () => (await read(ticket.id)).messages.length === 2, 'the answer is there')
    expect((await place.left()).length).toBeGreaterThan(0)

    await relay.call('POST /v1/deletion-requests', { token, body: { confirm: true } })
    await until(async () => (await place.left()).length === 0, 'nothing is left')
    await until(async () => {
      const { body } = await relay.call<{ items: { status: string }[] }>('GET /v1/deletion-requests', { token })
      return body.items[0]?.status === 'done'
    }, 'the request is done')
    expect(existsSync(spool)).toBe(true)
  })
})
