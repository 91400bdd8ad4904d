/** A connection that was opened to ask by HTTP and is from now on a stream of text, until one side ends it. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What Node's HTTP server listens to on a connection of its. */
const itsEvents = ['data', 'end', 'close', 'drain', 'error', 'timeout', 'pause', 'resume']

/**
 * Takes a connection from Node's HTTP server, which keeps a request, its headers, an answer and a parser as long as an answer
 * is under way: more than all that a stream needs. It lets go of each at the word by which it learns that the answer, and
 * then the connection, is over.
 *
 * @param outgoing - an answer of which nothing was sent
 * @returns the connection, which is ended by whatever its other side says, and after silence as before; undefined where it
 * is gone, or somebody else's turn already
 */
export function takeOver(outgoing: ServerResponse): Socket | undefined {
  const { socket } = outgoing
  if (!socket || socket.destroyed) return undefined
  const silenceMs = socket.timeout ?? 0
  // Nobody who waits for events asks for something else on the same line, and nothing that comes is read as a request.
  const end = () => void socket.destroy()
  // From the first listener on it is to this one, and not to the parser, that what comes is handed.
  socket.on('data', end)
  outgoing.emit('finish')
  // A request that was sent behind this one has the line now.
  const isGivenOn = Reflect.get(socket, '_httpMessage') instanceof Object
  socket.emit('close', false)
  for (const event of itsEvents) socket.removeAllListeners(event)
  socket.on('data', end).on('end', end).on('error', end).on('timeout', end)
  socket.setTimeout(silenceMs)
  if (!isGivenOn) return socket
  end()
  return undefined
}
