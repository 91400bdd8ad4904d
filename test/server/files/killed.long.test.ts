/** A relay killed without warning, again and again, in the middle of an upload. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFiles } from '../../../server/files/files.ts'
import { newId, type Place, places } from '../../fixtures/blob-stores.ts'
import { beginPatch, offsetAt, patch } from '../../fixtures/files-server.ts'

const kills = 10

describe.each(Object.entries(places))('a relay that keeps files on %s and is killed with -9', (_name, open) => {
  let place: Place
  let relay: ChildProcess

  beforeEach(async () => {
    place = await open()
  })
  afterEach(async () => {
    relay.kill('SIGKILL')
    await place.close()
  })

  it(`completes an upload through ${kills} deaths at random points, never starting over`, {
    timeout: 180_000,
  }, async () => {
    const bytes = randomBytes(72_000_000)
    const id = newId()
    let port = await start()
    relay.send({ id, size: bytes.length })
    await once(relay, 'message')
    let confirmed = 0
    for (let death = 0; death < kills; death += 1) {
      await sendUntilKilled({ port, id, bytes, from: confirmed, isHasty: death % 2 === 1 })
      port = await start()
      const offset = await offsetAt(`http://127.0.0.1:${port}/uploads/${id}`)
      expect(offset).toBeGreaterThanOrEqual(confirmed)
      confirmed = offset
    }
    expect(confirmed).toBeGreaterThan(0)
    const last = await patch(`http://127.0.0.1:${port}/uploads/${id}`, confirmed, bytes.subarray(confirmed))
    expect(last.status).toBe(204)
    const files = await createFiles(place.url, place.options)
    const kept = await files.blobs.read(id)
    expect(bytes.equals(Buffer.from(await new Response(kept?.body).arrayBuffer()))).toBe(true)
    await files.close()
  })

  async function start(): Promise<number> {
    relay = fork(new URL('../../fixtures/files-process.ts', import.meta.url), [
      place.url,
      JSON.stringify(place.options),
    ])
    const [{ port }] = (await once(relay, 'message')) as [{ port: number }]
    return port
  }

  /** Every other death comes at once; the others when the relay has kept something of what it was sent. */
  async function sendUntilKilled({ port, id, bytes, from, isHasty }: Sending): Promise<void> {
    const before = await place.stored()
    const socket = beginPatch(port, id, from, bytes.length - from)
    const until = Math.min(bytes.length - 1, from + randomInt(9_000_000, 12_000_000))
    await new Promise<void>((resolve) => socket.write(bytes.subarray(from, until), () => resolve()))
    if (!isHasty) await expect.poll(place.stored, { interval: 2, timeout: 40_000 }).toBeGreaterThan(before)
    const exited = once(relay, 'exit')
    relay.kill('SIGKILL')
    await exited
    socket.destroy()
  }
})

interface Sending {
  port: number
  id: string
  bytes: Buffer
  from: number
  isHasty: boolean
}
