/** The relay's ear: Node's HTTP server, and how long it waits for anybody. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Bindings } from './call.ts'

/** In milliseconds. */
export interface Timeouts {
  /** For the lines before the body. */
  headersMs: number
  /** For the whole of a body of the player API or of a hook: 64 KiB at most. */
  bodyMs: number
  /** For an agent's answer with its files. */
  formMs: number
  /** For one piece of an upload. What has come by then is kept, and the upload goes on from there. */
  pieceMs: number
  /** For a connection on which nothing moves. An event stream moves every 20 seconds. */
  silenceMs: number
}

const timeouts: Timeouts = { headersMs: 15_000, bodyMs: 15_000, formMs: 120_000, pieceMs: 300_000, silenceMs: 120_000 }

/**
 * How many connections the system keeps for the relay to take up; it may allow fewer. One more is not refused but left
 * unanswered, and comes back after one second, three, seven, fifteen: Node's 511 come within one busy second of a stampede.
 */
const waitingConnections = 4_096

export interface ListenOptions {
  fetch: (request: Request, bindings: Bindings) => Promise<Response>
  host: string
  port: number
  timeouts?: Partial<Timeouts> | undefined
}

export interface Listening {
  /** E.g. `http://127.0.0.1:8787`. */
  address: string
  /** Takes no new connections and resolves when the last is gone. Idle ones are closed by {@link closeIdle}. */
  close: () => Promise<void>
  closeIdle: () => void
  /** Ends what is still open, in the middle of whatever it is. */
  cut: () => void
}

export function listen({ fetch, host, port, ...options }: ListenOptions): Promise<Listening> {
  const allowed = { ...timeouts, ...options.timeouts }
  const serverOptions = {
    headersTimeout: allowed.headersMs,
    requestTimeout: allowed.pieceMs,
    connectionsCheckingInterval: Math.min(5_000, allowed.headersMs),
  }
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({ fetch, hostname: host, serverOptions })
    server.once('error', reject)
    server.listen({ port, host, backlog: waitingConnections }, () => {
      const bound = server.address()
      resolve(listening(server, addressAt(host, typeof bound === 'object' && bound ? bound.port : port)))
    })
    server.setTimeout(allowed.silenceMs)
    server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      cutWhenSlow(incoming, outgoing, bodyTimeoutMs(incoming.url ?? '', allowed))
      stopReadingOnceAnswered(incoming, outgoing)
    })
  })
}

/** An IPv6 host stands in brackets. What listens everywhere is reached here as `localhost`. */
export function addressAt(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function listening(server: ServerType, address: string): Listening {
  return {
    address,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    closeIdle: () => {
      if ('closeIdleConnections' in server) server.closeIdleConnections()
    },
    cut: () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
    },
  }
}

/** Node has one deadline for all bodies, and it must leave room for the largest. */
function bodyTimeoutMs(url: string, { bodyMs, formMs, pieceMs }: Timeouts): number {
  if (url.startsWith('/v1/uploads/')) return pieceMs
  return url.startsWith('/desk/') ? formMs : bodyMs
}

/** To the widget this is a broken line, after which it tries again: nothing of the request was acted upon. */
function cutWhenSlow(incoming: IncomingMessage, outgoing: ServerResponse, ms: number): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers
  if (length === undefined && encoding === undefined) return
  const timer = setTimeout(() => {
    // All here, and only nobody has read it.
    if (incoming.complete) return
    if (!outgoing.headersSent) incoming.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    incoming.socket.destroySoon()
  }, ms)
  const stop = () => clearTimeout(timer)
  incoming.once('end', stop)
  incoming.once('close', stop)
}

/** What is left of a body that was answered already, and is read to its end to keep the connection: in bytes. */
const mostLeftToRead = 1024 * 1024

/**
 * What still comes after a refusal is not read, unless it is little: `@hono/node-server` would take up to 64 MiB of it for
 * half a second, and closes the connection then.
 */
function stopReadingOnceAnswered(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers
  if (encoding === undefined && Number(length ?? 0) <= mostLeftToRead) return
  const pause = () => void setImmediate(() => incoming.complete || incoming.socket.pause())
  outgoing.once('finish', () => {
    // Node begins to read what is left when the answer is out, and the adapter a moment later.
    pause()
    incoming.on('resume', pause)
  })
}
