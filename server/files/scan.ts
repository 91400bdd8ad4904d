/** An optional look by clamd, over its INSTREAM command (https://docs.clamav.net/manual/Usage/ClamdProtocol.html). */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { chunksOf } from './chunks.ts'
import { FilesError } from './error.ts'

export interface Scanner {
  /**
   * Streams a file past the scanner.
   *
   * @throws FilesError `unavailable` when there is no verdict: clamd is down, silent, or talks nonsense.
   */
  scan(body: ReadableStream<Uint8Array>, signal?: AbortSignal): Promise<ScanVerdict>
}

/** `too-large`: clamd will never take a file of this size; see its `StreamMaxLength`. */
export type ScanVerdict = 'clean' | 'infected' | 'too-large'

export type ScannerAddress = { host: string; port: number } | { socket: string }

export interface ScannerOptions {
  /** How long clamd may be silent, while it takes bytes in and after the last. Default 30,000. */
  timeoutMs?: number
}

/** What clamd says in one line; longer answers are not its. */
const maxReplyBytes = 4_096

/** Names where clamd listens. Nothing connects before the first scan; each scan has its own connection. */
export function createScanner(address: ScannerAddress, { timeoutMs = 30_000 }: ScannerOptions = {}): Scanner {
  return {
    async scan(body, signal) {
      const socket = connectTo(address)
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error('clamd is silent')))
      const stop = () => socket.destroy(new Error('scan stopped', { cause: signal?.reason }))
      signal?.addEventListener('abort', stop, { once: true })
      try {
        signal?.throwIfAborted()
        return await converse(socket, body, signal)
      } catch (cause) {
        throw new FilesError('unavailable', 'no verdict from the scanner', { cause })
      } finally {
        signal?.removeEventListener('abort', stop)
        socket.destroy()
      }
    },
  }
}

function connectTo(address: ScannerAddress): Socket {
  return 'socket' in address ? createConnection(address.socket) : createConnection(address.port, address.host)
}

async function converse(
  socket: Socket,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<ScanVerdict> {
  // Listening from the start: clamd may answer and hang up in the middle, when a file is larger than it takes.
  const reply = readReply(socket)
  const isOver = reply.then(
    () => true,
    () => true,
  )
  await once(socket, 'connect')
  socket.write('zINSTREAM\0')
  for await (const chunk of chunksOf(body, signal)) {
    if (!(await sendChunk(socket, chunk, isOver))) break
  }
  if (socket.writable) socket.write(Buffer.alloc(4))
  return verdictOf(await reply)
}

/** "<length><data>", the length in four bytes. False once clamd has spoken, for nothing more is read then. */
async function sendChunk(socket: Socket, chunk: Uint8Array, isOver: Promise<boolean>): Promise<boolean> {
  if (chunk.byteLength === 0) return true
  const length = Buffer.alloc(4)
  length.writeUInt32BE(chunk.byteLength)
  socket.write(length)
  if (socket.write(chunk)) return socket.writable
  const drained = once(socket, 'drain').then(() => false)
  // Whichever loses the race must not fail unheard.
  drained.catch(() => {})
  return !(await Promise.race([drained, isOver]))
}

async function readReply(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.includes('\0') || text.length > maxReplyBytes) break
  }
  return text.split('\0', 1)[0] ?? ''
}

/** `stream: OK`, `stream: <name> FOUND`, or that it is too large. Anything else is no verdict. */
function verdictOf(reply: string): ScanVerdict {
  if (reply === 'stream: OK') return 'clean'
  if (reply === 'INSTREAM size limit exceeded. ERROR') return 'too-large'
  if (/^stream: .+ FOUND$/.test(reply)) return 'infected'
  throw new Error(reply === '' ? 'clamd hung up' : 'clamd refused')
}
