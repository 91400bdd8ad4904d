/** Connections that come while the relay's one thread is busy wait for it, instead of being passed over. */
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { startRelay } from '../../fixtures/relay.ts'

/** As Linux counts them: connected, and not yet taken up by whoever listens. */
function waitingAt(port: number): number {
  const local = port.toString(16).toUpperCase().padStart(4, '0')
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find(([, address, , state]) => address?.endsWith(`:${local}`) && state === '0A')
  return Number.parseInt(line?.[4]?.split(':')[1] ?? '', 16)
}

const count = 1_500
const allowed = '/proc/sys/net/core/somaxconn'
const canShow = existsSync(allowed) && Number(readFileSync(allowed, 'utf8')) >= count

it.skipIf(!canShow)('has room for all who come within a busy second of a stampede', async () => {
  const relay = await startRelay()
  const port = Number(new URL(relay.url).port)
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  // They connect at the end of this turn, and nothing is taken up before the next one.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  const giveUpAt = Date.now() + 5_000
  let waiting = waitingAt(port)
  // The system may be a little behind, and this thread must not take anything up meanwhile.
  while (waiting < count && Date.now() < giveUpAt) waiting = waitingAt(port)
  for (const socket of sockets) socket.destroy()
  expect(waiting).toBe(count)
  await relay.close()
})
