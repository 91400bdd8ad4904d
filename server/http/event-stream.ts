/**
 * Event streams are written straight to their connections: between two events nothing is left of the request that opened one
 * but the connection itself and the stream's place.
 */
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Line } from '../events/listeners.ts'
import type { Stream } from '../events/streams.ts'
import type { Call } from './call.ts'
import { takeOver } from './take-over.ts'

export interface EventStreams {
  /** The answer to a request that opens a stream. */
  answer: (request: Request, stream: Stream) => Response
  /** Begins what was opened for a request, once its answer has all its headers. Any other answer is left as it is. */
  begin: (call: Pick<Call, 'request' | 'bindings'>, answer: Response) => Response
  /** Lets go of what was opened for a request that was answered otherwise by then. */
  letGo: (request: Request) => void
}

/** `no-transform` and `X-Accel-Buffering` ask proxies to pass each event on as it comes. */
const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

export function createEventStreams(): EventStreams {
  const opened = new WeakMap<Request, Stream>()

  function take(request: Request): Stream | undefined {
    const stream = opened.get(request)
    if (stream) opened.delete(request)
    return stream
  }

  return {
    answer(request, stream) {
      opened.set(request, stream)
      return new Response(null, { headers })
    },

    begin({ request, bindings }, answer) {
      const stream = take(request)
      if (!stream) return answer
      if (request.method === 'HEAD' || answer.status !== 200) {
        stream.left()
        return answer
      }
      const outgoing = bindings?.outgoing
      if (!(outgoing instanceof ServerResponse)) return new Response(bodyOf(stream), { headers: answer.headers })
      send(stream, outgoing, answer.headers)
      return RESPONSE_ALREADY_SENT
    },

    letGo: (request) => take(request)?.left(),
  }
}

function send(stream: Stream, outgoing: ServerResponse, headers: Headers): void {
  const socket = takeOver(outgoing)
  // Gone already: it has closed before anybody could hear it.
  if (!socket) {
    stream.left()
    return
  }
  socket.on('close', stream.left).on('drain', stream.drained)
  // The first words go out together.
  socket.cork()
  socket.write(headOf(headers))
  stream.begin(lineOn(socket))
  socket.uncork()
}

/** The body ends with the connection, so that each event is written as it is. */
function headOf(headers: Headers): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  return ['HTTP/1.1 200 OK', ...lines, `date: ${new Date().toUTCString()}`, 'connection: close', '', ''].join('\r\n')
}

function lineOn(socket: Socket): Line {
  return {
    write: (piece) => socket.write(piece),
    end: () => {
      socket.uncork()
      // Who has not taken what was said before does not get to hear the end, nor to put it off.
      if (socket.writableLength > 0) socket.destroy()
      else socket.destroySoon()
    },
  }
}

/** Where there is no connection, as in a call within the process. */
function bodyOf(stream: Stream): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start: (controller) =>
      stream.begin({
        write: (piece) => {
          controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
          return (controller.desiredSize ?? 0) > 0
        },
        end: () => controller.close(),
      }),
    pull: stream.drained,
    cancel: stream.left,
  })
}
