/** A line to a server that can be cut in the middle of whatever passes. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Cutter {
  url: string
  /** Cuts all that is open. @returns whether there was anything */
  cut: () => boolean
  close: () => Promise<void>
}

export async function startCutter(to: string): Promise<Cutter> {
  const { hostname, port } = new URL(to)
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      const some = open.size > 0
      for (const socket of open) socket.destroy()
      return some
    },
    close: () => {
      for (const socket of open) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
