/** A large file of an agent's over a slow line: it may take as long as it takes. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import type { Conversation } from '../../../../server/contract/ticket.ts'
import type { Vendor, VendorFileId } from '../../../../server/vendors/vendor.ts'
import { startRelay } from '../../../fixtures/relay.ts'
import { fileOf, upload } from '../../../fixtures/relay-files.ts'
import { png } from '../../../fixtures/sample-files.ts'
import { loft, pigeonPost } from '../../../fixtures/toy-vendor.ts'
import { until } from '../../../fixtures/wait.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const letter = { vendorFileId: 'letter' as VendorFileId, fileName: 'letter.txt', fileType: 'text/plain', fileSize: 0 }

it('comes whole, however much later its last byte is than its first', async () => {
  let finish = () => {}
  const vendor: Vendor = {
    ...pigeonPost,
    async read(ref, signal) {
      const { messages = [], status = 'open' } = (await pigeonPost.read?.(ref, signal)) ?? {}
      return { status, messages: messages.map((message) => ({ ...message, attachments: [letter] })) }
    },
    async download(_ref, _file, signal) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          signal.addEventListener('abort', () => controller.error(signal.reason))
          controller.enqueue(Buffer.from('first '))
          finish = () => {
            controller.enqueue(Buffer.from('last'))
            controller.close()
          }
        },
      })
      return { body }
    },
  }
  let ahead = 0
  const relay = await startRelay({ clock: { now: () => new Date(Date.now() + ahead) }, vendorOf: () => vendor })
  const { token } = await relay.signIn()
  const { id } = await relay.open(token)
  const [pigeon] = await until(() => loft.length > 0 && loft, 'it has arrived')
  pigeon?.lines.push({ from: 'agent', text: 'See the letter.', at: new Date() })
  const file = await until(async () => {
    ahead += 11_000
    const { body } = await relay.call<Conversation>(`GET /v1/tickets/${id}`, { token })
    return body.messages.find(({ author }) => author === 'agent')?.attachments[0]
  }, 'the file is there')

  // Whatever time is given for a whole download is over once it has begun.
  const time = new AbortController()
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(time.signal)
  const answer = await fetch(`${relay.url}/v1/attachments/${file.id}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  vi.restoreAllMocks()
  time.abort()
  finish()
  expect(await answer.text()).toBe('first last')
  await relay.close()
})

it('does not keep a relay from ending', async () => {
  const relay = await startRelay()
  const { token } = await relay.signIn()
  const id = await upload(relay, token, Buffer.concat([png(), Buffer.alloc(30_000_000)]))
  await until(async () => (await fileOf(relay, token, id))?.state === 'ready', 'the file is ready')
  const { port, hostname } = new URL(relay.url)
  const player = connect(Number(port), hostname)
  player.write(`GET /v1/attachments/${id} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  await once(player, 'data')
  // Its device is in a pocket: nothing more is taken.
  player.pause()
  const from = Date.now()
  await relay.close()
  expect(Date.now() - from).toBeLessThan(10_000)
  player.destroy()
}, 60_000)
