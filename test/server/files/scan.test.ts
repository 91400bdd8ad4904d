/** Talking to clamd, and what becomes of a file when that fails. */

import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createScanner } from '../../../server/files/scan.ts'
import { createClamd } from '../../fixtures/clamd.ts'

let server: Server | undefined

async function listen(onConnection: (socket: Socket) => void, path?: string): Promise<{ host: string; port: number }> {
  const opened = createServer(onConnection)
  server = opened
  await new Promise<void>((resolve) => (path ? opened.listen(path, resolve) : opened.listen(0, '127.0.0.1', resolve)))
  return { host: '127.0.0.1', port: path ? 0 : (opened.address() as AddressInfo).port }
}

afterEach(() => {
  server?.close()
  server = undefined
})

const bodyOf = (...chunks: (string | Buffer<ArrayBuffer>)[]) => new Blob(chunks).stream()
const unavailable = expect.objectContaining({ name: 'FilesError', code: 'unavailable' })

describe('a scan by clamd', () => {
  it('sends every byte and reports clean', async () => {
    const clamd = createClamd()
    const scanner = createScanner(await listen(clamd.onConnection))
    const bytes = Buffer.alloc(5_000_001, 'clean ')
    expect(await scanner.scan(bodyOf(bytes))).toBe('clean')
    expect(Buffer.concat(clamd.seen).equals(bytes)).toBe(true)
  })

  it('reports infected', async () => {
    const scanner = createScanner(await listen(createClamd().onConnection))
    expect(await scanner.scan(bodyOf('this is a VIRUS'))).toBe('infected')
    expect(await scanner.scan(bodyOf('this is none'))).toBe('clean')
  })

  it('works over a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medkit-clamd-'))
    const socket = join(folder, 'clamd.sock')
    await listen(createClamd().onConnection, socket)
    expect(await createScanner({ socket }).scan(bodyOf('VIRUS'))).toBe('infected')
    server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('scans several files at once without mixing them', async () => {
    const scanner = createScanner(await listen(createClamd().onConnection))
    const verdicts = await Promise.all(
      Array.from({ length: 10 }, (_, n) => scanner.scan(bodyOf(n % 2 ? 'VIRUS' : 'clean'))),
    )
    expect(verdicts).toEqual(Array.from({ length: 10 }, (_, n) => (n % 2 ? 'infected' : 'clean')))
  })
})

it('says so when clamd takes no file so large, and hangs up in the middle', async () => {
  const scanner = createScanner(await listen(createClamd({ limit: 100_000 }).onConnection))
  expect(await scanner.scan(bodyOf(Buffer.alloc(20_000_000)))).toBe('too-large')
})

describe('no verdict is an error, never a clean file', () => {
  it('when nobody listens', async () => {
    const address = await listen(() => {})
    await new Promise((resolve) => server?.close(resolve))
    await expect(createScanner(address).scan(bodyOf('a'))).rejects.toEqual(unavailable)
  })

  it.each(['', 'stream: OK but not quite', 'OK', 'stream: FOUND', 'UNKNOWN COMMAND'])(
    'when it says %j',
    async (reply) => {
      const address = await listen((socket) => {
        socket.on('error', () => {})
        socket.resume()
        socket.end(reply === '' ? '' : `${reply}\0`)
      })
      await expect(createScanner(address).scan(bodyOf('a'))).rejects.toEqual(unavailable)
    },
  )

  it('when it is silent', async () => {
    const address = await listen((socket) => void socket.resume().on('error', () => {}))
    await expect(createScanner(address, { timeoutMs: 50 }).scan(bodyOf('a'))).rejects.toEqual(unavailable)
  })

  it('when it answers without end', async () => {
    const address = await listen((socket) => {
      socket.on('error', () => {})
      socket.resume()
      const babble = () => void (socket.destroyed || socket.write('A'.repeat(10_000), babble))
      babble()
    })
    await expect(createScanner(address).scan(bodyOf('a'))).rejects.toEqual(unavailable)
  })

  it('when the file itself cannot be read', async () => {
    const scanner = createScanner(await listen(createClamd().onConnection))
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('gone')) })
    await expect(scanner.scan(broken)).rejects.toEqual(unavailable)
  })

  it('when the scan is called off', async () => {
    const scanner = createScanner(await listen((socket) => void socket.resume().on('error', () => {})))
    const stopping = new AbortController()
    const scanning = scanner.scan(bodyOf('a'), stopping.signal)
    stopping.abort()
    await expect(scanning).rejects.toEqual(unavailable)
  })
})
