/** A wire to PostgreSQL that can be cut, or fall silent without a word to either end. */
import { connect, createServer, type Socket } from 'node:net'
import { listen } from '../postgres.ts'

/** @param address of a database */
export async function createCable(address: string) {
  const target = new URL(address)
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy()
    const onward = connect(Number(target.port), target.hostname)
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.once('close', () => sockets.delete(end))
      end.on('error', () => undefined)
    }
    socket.pipe(onward).pipe(socket)
  })
  const url = new URL(address)
  url.port = String(await listen(server))
  return {
    /** The same database at the end of this wire. */
    url: url.href,
    /** How many connections stand. */
    standing: () => sockets.size / 2,
    /** Ends every connection and takes no other. */
    cut: () => {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    /** Every connection that stands swallows what it is sent and stays open; new ones are as good as ever. */
    silence: () => {
      for (const socket of sockets) socket.unpipe().resume()
    },
    mend: () => {
      isCut = false
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
