/**
 * Event streams are written straight to their connections: between two events nothing is left of the request that opened one
 * but the connection itself and the stream's place.
 */
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { MiddlewareHandler } from 'hono'
import type { Line } from '../live/listener.ts'
import type { Stream } from '../live/stream.ts'
import { takeOver } from './take-over.ts'

export interface EventStreams {
  /** The answer to a request that opens a stream. */
  answer: (request: Request, stream: Stream) => Response
  /** Begins the stream once its answer has all its headers: the outermost of its path. */
  middleware: MiddlewareHandler
}

/** `no-transform` and `X-Accel-Buffering` ask proxies to pass each event on as it comes. */
const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

export function createEventStreams(): EventStreams {
  const opened = new WeakMap<Request, Stream>()
  const answered = new WeakSet<Request>()

  return {
    answer(request, stream) {
      // One that was too late to be the answer.
      if (answered.has(request)) stream.left()
      else opened.set(request, stream)
      return new Response(null, { headers })
    },

    async middleware(context, next) {
      const request = context.req.raw
      await next()
      answered.add(request)
      const stream = opened.get(request)
      opened.delete(request)
      if (!stream) return
      if (request.method === 'HEAD' || context.res.status !== 200) {
        stream.left()
        return
      }
      const answer = context.res
      const { outgoing } = (context.env ?? {}) as Partial<HttpBindings>
      context.res = undefined
      if (outgoing instanceof ServerResponse) {
        send(stream, outgoing, answer.headers)
        context.res = RESPONSE_ALREADY_SENT
      } else context.res = new Response(bodyOf(stream), { headers: answer.headers })
    },
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
