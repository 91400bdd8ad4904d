/** Many players who listen, over bare sockets. */
import { connect, type Socket } from 'node:net'
import { getRequest } from './rapid.ts'

export interface Listeners {
  /** Resolves with when each of them next heard an event, in milliseconds since the epoch. */
  heard: () => Promise<number[]>
  close: () => void
}

/** So many are opened at the same time. */
const atOnce = 100

/** @param requestOf - the n-th player's path and headers */
export async function listen(
  url: string,
  count: number,
  requestOf: (n: number) => { path: string; headers?: Record<string, string> },
): Promise<Listeners> {
  const sockets: Socket[] = []
  for (let first = 0; first < count; first += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - first) }, (_, n) => requestOf(first + n))
    sockets.push(...(await Promise.all(some.map(({ path, headers }) => open(url, getRequest(path, headers ?? {}))))))
  }
  return {
    heard: () => Promise.all(sockets.map(hear)),
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function open(url: string, request: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.write(request)
  await until(socket, ': welcome')
  // Nobody reads on, but the socket must not fill up.
  socket.resume()
  return socket
}

async function hear(socket: Socket): Promise<number> {
  await until(socket, 'event:')
  return performance.timeOrigin + performance.now()
}

function until(socket: Socket, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!text.includes(wanted)) return
      socket.off('data', onData).off('close', onClose)
      resolve()
    }
    const onClose = () => reject(new Error(`the server hung up: ${text.slice(0, 200)}`))
    socket.on('data', onData).once('close', onClose)
  })
}
