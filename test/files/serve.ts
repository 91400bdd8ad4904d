/** The files room behind a real server, as the relay puts it: tus under `/uploads/<id>`. */
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { FilesError } from '../../server/files/files-error.ts'
import type { Files } from '../../server/files/uploads.ts'

export interface Served {
  port: number
  urlOf: (id: string) => string
  /** Ids of uploads that a request reported as finished, once for each such report. */
  finished: string[]
  /** How many requests have reached the room. */
  begun: () => number
  close: () => Promise<void>
}

export async function serve(files: Files): Promise<Served> {
  const finished: string[] = []
  let begun = 0
  const app = new Hono()
  app.all('/uploads/:id', async (context) => {
    const id = context.req.param('id')
    begun += 1
    const answer = await files.uploads.handle(context.req.raw, id)
    if (answer.finished) finished.push(id)
    return answer.response
  })
  app.onError((error, context) =>
    context.body(null, error instanceof FilesError && error.code === 'invalid_id' ? 404 : 503),
  )
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    urlOf: (id) => `http://127.0.0.1:${port}/uploads/${id}`,
    finished,
    begun: () => begun,
    close: () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export const tus = { 'Tus-Resumable': '1.0.0' }

/** A PATCH as tus wants it; `headers` override. */
export function patch(
  url: string,
  offset: number,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  const all = { ...tus, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...headers }
  return fetch(url, { method: 'PATCH', headers: all, body, duplex: 'half' } as RequestInit)
}

export async function offsetAt(url: string): Promise<number> {
  const response = await fetch(url, { method: 'HEAD', headers: tus })
  return Number(response.headers.get('Upload-Offset') ?? Number.NaN)
}

/** Begins a PATCH of `length` bytes by hand and leaves it open, so that a test can break it off where it likes. */
export function beginPatch(port: number, id: string, offset: number, length: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    [
      `PATCH /uploads/${id} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Tus-Resumable: 1.0.0',
      `Upload-Offset: ${offset}`,
      'Content-Type: application/offset+octet-stream',
      `Content-Length: ${length}`,
      '\r\n',
    ].join('\r\n'),
  )
  return socket
}
