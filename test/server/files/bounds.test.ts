/** How much one player may have on its way: files, bytes, and requests at the same time. */
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { freshDatabase } from '../../fixtures/postgres.ts'
import { type StartOptions, startRelay, type TestRelay } from '../../fixtures/relay.ts'
import { announce, begin, filesIn, pngOf, send, upload } from '../../fixtures/relay-files.ts'
import { png } from '../../fixtures/sample-files.ts'
import { until } from '../../fixtures/wait.ts'

let relay: TestRelay
let token: string

async function start(options: StartOptions = {}): Promise<void> {
  relay = await startRelay(options)
  token = (await relay.signIn()).token
}

afterEach(() => relay.close())
/** A ledger that is too busy says so, and is asked again. */
async function announceAsClientsDo(): ReturnType<typeof announce> {
  const answer = await announce(relay, token, pngOf(10))
  return answer.status === 503 ? announceAsClientsDo() : answer
}

const refused = { status: 429, body: { code: 'rate_limited' } }

describe.each(['sqlite', 'postgres'])('On %s, a player', (engine) => {
  const store = async () => (engine === 'postgres' ? { store: await freshDatabase() } : {})

  it('has room for 50 files that no message carries, also when 200 are announced at once', async () => {
    await start({ config: await store() })
    const answers = await Promise.all(Array.from({ length: 200 }, announceAsClientsDo))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(150)
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('60')
    expect((await filesIn(relay.folder)).length).toBe(50)
    const other = (await relay.signIn()).token
    expect((await announce(relay, other, pngOf(10))).status).toBe(201)
  })
})

describe('A player', () => {
  it('has room for the bytes of one message at its fullest', async () => {
    await start({ game: { attachments: { maxBytes: 1_000, maxCount: 3 } } })
    for (let n = 0; n < 3; n++) await begin(relay, token, pngOf(1_000))
    expect(await announce(relay, token, pngOf(1))).toMatchObject(refused)
  })

  it('has room again once files are on a message, dropped or refused', async () => {
    await start({ game: { attachments: { maxBytes: 1_000, maxCount: 3 } } })
    const carried = await upload(relay, token, png({ comment: 'x'.repeat(800) }))
    const bad = await upload(relay, token, Buffer.from('x'.repeat(1_000)))
    const { id: dropped } = await begin(relay, token, pngOf(1_000))
    await begin(relay, token, pngOf(1_000))
    expect(await announce(relay, token, pngOf(1_000))).toMatchObject(refused)
    expect((await relay.call(`DELETE /v1/attachments/${bad}`, { token })).status).toBe(204)
    await relay.open(token, { attachments: [carried] })
    await begin(relay, token, pngOf(1_000))
    expect(await announce(relay, token, pngOf(1_000))).toMatchObject(refused)
    await relay.call(`DELETE /v1/attachments/${dropped}`, { token })
    await begin(relay, token, pngOf(1_000))
  })

  it('sends twelve pieces at the same time, and a thirteenth is asked to wait; another player is not', async () => {
    await start()
    const uploads = await Promise.all(Array.from({ length: 13 }, () => begin(relay, token, pngOf(1_000))))
    const held = await Promise.all(uploads.map(({ url }) => hold(url)))
    const answered = await until(() => held.find(({ said }) => said() !== ''), 'one is asked to wait')
    expect(answered.said()).toMatch(/^HTTP\/1.1 423 .*\r\nretry-after: 1\r\n/is)
    expect(held.filter(({ said }) => said() !== '')).toHaveLength(1)
    const other = (await relay.signIn()).token
    const theirs = await begin(relay, other, pngOf(1_000))
    expect((await send(theirs.url, other, 'x')).status).toBe(204)
    for (const { socket } of held) socket.destroy()
    const { url } = await begin(relay, token, pngOf(1_000))
    await until(async () => (await send(url, token, 'x')).status === 204, 'there is room again')
  })
})

/** Begins a PATCH and sends no more than a byte of it. */
async function hold(url: string): Promise<{ socket: Socket; said: () => string }> {
  const { port, pathname } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  let said = ''
  socket.on('error', () => {})
  socket.on('data', (data) => {
    said += String(data)
  })
  const lines = [
    `PATCH ${pathname} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${token}`,
    'Tus-Resumable: 1.0.0',
    'Upload-Offset: 0',
    'Content-Type: application/offset+octet-stream',
    'Content-Length: 1000',
    '',
    'x',
  ]
  await new Promise<void>((resolve) => socket.write(lines.join('\r\n'), () => resolve()))
  return { socket, said: () => said }
}

it('What no vendor takes is offered to no player, and the operator is told', async () => {
  await start({ game: { attachments: { types: ['application/x-nobody'] } } })
  const { body } = await relay.call<{ can: { attachments: unknown } }>('GET /v1/games/star-harbor')
  expect(body.can.attachments).toBe(false)
  expect(relay.lines.join()).toContain('attachments.types')
  expect(await announce(relay, token, pngOf(10))).toMatchObject({ status: 422, body: { code: 'unsupported' } })
})
