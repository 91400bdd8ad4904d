/** A scanner that speaks clamd's INSTREAM and minds every byte of it. It knows one virus: the word itself. */
import type { Socket } from 'node:net'

const command = Buffer.from('zINSTREAM\0')

export interface Clamd {
  onConnection: (socket: Socket) => void
  /** The contents of all chunks, in order. */
  seen: Buffer[]
}

export function createClamd({ limit = 50_000_000 } = {}): Clamd {
  const seen: Buffer[] = []
  return {
    seen,
    onConnection(socket) {
      const take = createConversation(limit, seen)
      socket.on('error', () => {})
      socket.on('data', (data) => {
        const reply = take(data)
        if (reply !== undefined) socket.end(`${reply}\0`)
      })
    },
  }
}

/** Returns what to answer once there is something to answer. */
function createConversation(limit: number, seen: Buffer[]): (data: Buffer) => string | undefined {
  let buffer = Buffer.alloc(0)
  let isBegun = false
  let total = 0
  let hasVirus = false

  function begin(): string | undefined {
    if (buffer.length < command.length) return undefined
    if (!buffer.subarray(0, command.length).equals(command)) return 'UNKNOWN COMMAND'
    isBegun = true
    buffer = buffer.subarray(command.length)
    return undefined
  }

  function judge(chunk: Buffer): string | undefined {
    if (chunk.length === 0) return hasVirus ? 'stream: Test-Virus FOUND' : 'stream: OK'
    total += chunk.length
    if (total > limit) return 'INSTREAM size limit exceeded. ERROR'
    seen.push(chunk)
    hasVirus ||= chunk.includes('VIRUS')
    return undefined
  }

  return (data) => {
    buffer = Buffer.concat([buffer, data])
    let reply = isBegun ? undefined : begin()
    // Four bytes of length, then so many bytes.
    while (isBegun && reply === undefined && buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
      const end = 4 + buffer.readUInt32BE(0)
      const chunk = Buffer.from(buffer.subarray(4, end))
      buffer = buffer.subarray(end)
      reply = judge(chunk)
    }
    return reply
  }
}
