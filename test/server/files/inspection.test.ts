/** Between a file's last byte and the verdict: what the player sees, what a message does, and what survives a death. */

import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../../server/contract/player.ts'
import type { Conversation } from '../../../server/contract/ticket.ts'
import { createClamd } from '../../fixtures/clamd.ts'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { startRelay, type TestRelay } from '../../fixtures/relay.ts'
import {
  begin,
  fileOf,
  filesIn,
  offsetOf,
  pngOf,
  send,
  toldOf,
  untilState,
  upload,
} from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { until } from '../../fixtures/wait.ts'

/** A clamd that a test can turn silent, and on again. */
async function startScanner(limit?: number) {
  const clamd = createClamd(limit === undefined ? {} : { limit })
  const held = new Set<Socket>()
  let isSilent = false
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    if (!isSilent) return clamd.onConnection(socket)
    held.add(socket)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    config: { host: '127.0.0.1', port },
    held,
    silence: () => {
      isSilent = true
    },
    speak: () => {
      isSilent = false
      for (const socket of held) socket.destroy()
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const clean = png()
const infected = png({ comment: 'VIRUS' })

let aheadMs: number
let relay: TestRelay
let token: string
let scanner: Awaited<ReturnType<typeof startScanner>>
const clock = { now: () => new Date(Date.now() + aheadMs) }

beforeEach(async () => {
  aheadMs = 0
  scanner = await startScanner()
  relay = await startRelay({ clock, config: { scanner: scanner.config } })
  token = (await relay.signIn()).token
})

afterEach(async () => {
  scanner.speak()
  await relay.close()
  await scanner.close()
})

const read = async (id: string) => (await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })).body
const atDesk = () =>
  until(async () => {
    const [ticket] = await relay.desk.list()
    return ticket && relay.desk.read(ticket.id)
  }, 'the desk has the ticket')
const stored = () => filesIn(relay.folder)

describe('A file, while a scanner is configured', () => {
  it('is ready once it was called clean', async () => {
    const id = await upload(relay, token, clean)
    // By the upload's answer, unless the scanner takes its time.
    await untilState(relay, token, id, 'ready')
    expect((await relay.call(`GET /v1/attachments/${id}`, { token })).status).toBe(200)
  })

  it('is refused when it is infected, says so, and leaves nothing', async () => {
    const id = await upload(relay, token, infected)
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'refused', reason: 'infected' })
    expect((await toldOf(relay, token, id)).at(-1)).toMatchObject({ state: 'refused', reason: 'infected' })
    expect((await relay.call(`GET /v1/attachments/${id}`, { token })).status).toBe(404)
    expect(await stored()).toEqual([])
  })

  it('is seen as being checked while the scanner is silent, cannot be fetched, and is ready when it speaks', async () => {
    scanner.silence()
    const id = await upload(relay, token, clean)
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'checking' })
    await until(async () => (await toldOf(relay, token, id))[0]?.state === 'checking', 'the player is told')
    expect((await relay.call(`GET /v1/attachments/${id}`, { token })).status).toBe(404)
    scanner.speak()
    await untilState(relay, token, id, 'ready')
    expect((await toldOf(relay, token, id)).at(-1)).toMatchObject({ state: 'ready' })
  })

  it('waits for a scanner that is not there, and is never ready unscanned', async () => {
    const { port } = scanner.config
    await scanner.close()
    const id = await upload(relay, token, infected)
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'checking' })
    const back = createServer(createClamd().onConnection)
    await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve))
    expect(await untilState(relay, token, id, 'refused')).toMatchObject({ reason: 'infected' })
    await new Promise((resolve) => back.close(resolve))
  })

  it('is refused, not stuck, when the scanner takes none so large', async () => {
    const small = await startScanner(100)
    const other = await startRelay({ config: { scanner: small.config } })
    const session = await other.signIn()
    const id = await upload(other, session.token, png({ comment: 'x'.repeat(200) }))
    expect(await fileOf(other, session.token, id)).toMatchObject({ state: 'refused', reason: 'unscannable' })
    await other.close()
    await small.close()
  })

  it('is offered no larger than the scanner takes', async () => {
    const other = await startRelay({ config: { scanner: { ...scanner.config, maxBytes: 1_000 } } })
    const game = await other.call<{ attachments: { maxBytes: number } }>('GET /v1/games/star-harbor')
    expect(game.body.attachments.maxBytes).toBe(1_000)
    await other.close()
  })

  it('is taken up again by the relay that comes after', async () => {
    scanner.silence()
    const id = await upload(relay, token, clean)
    relay = await relay.restart()
    expect(await fileOf(relay, token, id)).toMatchObject({ state: 'checking' })
    scanner.speak()
    await untilState(relay, token, id, 'ready')
  })
})

describe('A relay that died between the last byte and the verdict', () => {
  it('is followed by one that the next HEAD tells', async () => {
    const { id, url } = await begin(relay, token, pngOf(clean.length))
    // What is on the disk when a relay dies at the last byte: all bytes, and an upload that knows nothing of it.
    await send(url, token, clean.subarray(0, -1))
    const path = new URL(url).pathname
    await appendFile(join(relay.folder, 'files', `${id}.part`), clean.subarray(-1))
    relay = await relay.restart()
    expect(await offsetOf(`${relay.url}${path}`, token)).toBe(clean.length)
    await untilState(relay, token, id, 'ready')
  })

  it('is followed by one that looks for itself, when the player has gone', async () => {
    const { id, url } = await begin(relay, token, pngOf(clean.length))
    await send(url, token, clean.subarray(0, -1))
    await appendFile(join(relay.folder, 'files', `${id}.part`), clean.subarray(-1))
    aheadMs += 61_000
    await untilState(relay, token, id, 'ready')
  })

  it('is followed by another relay on the same store, once its lease is over', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medkit-two-'))
    const config = { store: await freshDatabase(), files: `file:${folder}`, scanner: scanner.config }
    const [one, other] = [await startRelay({ clock, config }), await startRelay({ clock, config })]
    const session = await one.signIn()
    scanner.silence()
    const id = await upload(one, session.token, clean)
    const before = scanner.held.size
    expect(before).toBe(1)
    aheadMs += 31_000
    await until(() => scanner.held.size > before, 'the other relay has taken it up')
    scanner.speak()
    await untilState(other, session.token, id, 'ready')
    await one.close()
    await other.close()
  })
})

describe('A message with a file that is not through', () => {
  it('is taken at once and waits for the check, and the file goes along', async () => {
    scanner.silence()
    const id = await upload(relay, token, clean)
    const ticket = await relay.open(token, { attachments: [id] })
    expect(ticket.messages[0]?.attachments).toMatchObject([{ id, state: 'checking' }])
    expect(await relay.desk.list()).toEqual([])
    scanner.speak()
    const seen = await atDesk()
    expect(seen.files).toMatchObject([{ file_name: 'screenshot.png', file_size: clean.length }])
    expect((await read(ticket.id)).messages[0]?.attachments).toMatchObject([{ id, state: 'ready' }])
  })

  it('is taken while the bytes are still coming, and waits for them', async () => {
    const { id, url } = await begin(relay, token, pngOf(clean.length))
    await send(url, token, clean.subarray(0, 20))
    const ticket = await relay.open(token, { attachments: [id] })
    expect(ticket.messages[0]?.attachments).toMatchObject([{ id, state: 'uploading' }])
    await send(url, token, clean.subarray(20), 20)
    expect((await atDesk()).files).toHaveLength(1)
  })

  it('goes without a file that is then refused; player and agent see why', async () => {
    scanner.silence()
    const id = await upload(relay, token, infected)
    const ticket = await relay.open(token, { attachments: [id] })
    scanner.speak()
    const seen = await atDesk()
    expect(seen.files).toEqual([])
    expect(seen.messages[0]?.text).toContain('screenshot.png: did not come along (refused: infected)')
    await until(async () => (await read(ticket.id)).messages[0]?.delivery === 'delivered', 'it is delivered')
    const [message] = (await read(ticket.id)).messages
    expect(message).toMatchObject({ text: 'My sword is gone', attachments: [{ state: 'refused', reason: 'infected' }] })
  })

  it('is taken with a file that was refused before, for no message is lost because a file was', async () => {
    const id = await upload(relay, token, infected)
    const ticket = await relay.open(token, { attachments: [id] })
    expect(ticket.messages[0]?.attachments).toMatchObject([{ id, state: 'refused', reason: 'infected' }])
    expect((await atDesk()).messages[0]?.text).toContain('refused: infected')
  })

  it('goes after a minute, with a link that opens the file once it is through', async () => {
    scanner.silence()
    const id = await upload(relay, token, clean)
    await relay.open(token, { attachments: [id] })
    aheadMs += 61_000
    const text = (await atDesk()).messages[0]?.text ?? ''
    const link = /https?:\/\/\S+\/files\/\S+/.exec(text)?.[0] ?? ''
    expect(text).toContain('is still on its way or being checked')
    const early = await fetch(link)
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '30'])
    scanner.speak()
    aheadMs += 61_000
    await untilState(relay, token, id, 'ready')
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(clean)).toBe(true)
  })

  it('lets no later message overtake it', async () => {
    const ticket = await relay.open(token)
    await atDesk()
    scanner.silence()
    const id = await upload(relay, token, clean)
    const reply = (message: string, attachments: string[]) =>
      relay.call(`POST /v1/tickets/${ticket.id}/messages`, {
        token,
        key: crypto.randomUUID(),
        body: { message, attachments },
      })
    expect((await reply('with a file', [id])).status).toBe(201)
    expect((await reply('without', [])).status).toBe(201)
    scanner.speak()
    const seen = await until(async () => {
      const now = await atDesk()
      return now.messages.length === 3 && now
    }, 'all three are there')
    expect(seen.messages.map(({ text }) => text)).toEqual(['My sword is gone', 'with a file', 'without'])
  })

  it('goes without a file whose bytes were lost, and says so', async () => {
    const id = await upload(relay, token, clean)
    await rm(join(relay.folder, 'files', id))
    const ticket = await relay.open(token, { attachments: [id] })
    expect((await atDesk()).messages[0]?.text).toContain('refused: unreadable')
    await until(
      async () => (await read(ticket.id)).messages[0]?.attachments[0]?.state === 'refused',
      'the player sees it',
    )
  })

  it('is refused with a file that another message has, or that is nobody’s', async () => {
    const id = await upload(relay, token, clean)
    await relay.open(token, { attachments: [id] })
    const again = await relay.call('POST /v1/tickets', {
      token,
      key: 'again',
      body: { message: 'Again', language: 'en', attachments: [id, 'AAAAAAAAAAAAAAAAAAAAAA'] },
    })
    const errors = [0, 1].map((n) => ({ path: `attachments.${n}`, code: 'unknown' }))
    expect(again).toMatchObject({ status: 422, body: { code: 'invalid', errors } })
  })
})

describe('An upload that never ends', () => {
  it('is dropped after two days, with its bytes, when no message has it', async () => {
    const { url } = await begin(relay, token, pngOf(clean.length))
    await send(url, token, clean.subarray(0, 20))
    aheadMs += 2 * 86_400_000 + 1_000
    relay = await relay.restart()
    token = (await relay.signIn()).token
    await until(async () => (await stored()).length === 0, 'nothing is left')
  })

  it('is marked on the message that has it', async () => {
    const session = await relay.signIn()
    const { id } = await begin(relay, session.token, pngOf(clean.length))
    await relay.open(session.token, { attachments: [id] })
    aheadMs += 2 * 86_400_000 + 1_000
    const body = { game: 'star-harbor', kind: 'recover', recoveryKey: session.recoveryKey }
    const later = (await relay.call<Session>('POST /v1/sessions', { body })).body
    expect(await untilState(relay, later.token, id, 'refused')).toMatchObject({ reason: 'unreadable' })
    await until(async () => (await stored()).length === 0, 'nothing is left')
  })
})
