/** Sites of several owners: each on a port and under a host name of its own, so that the browser keeps them apart. */
import { createServer } from 'node:http'

export interface Site {
  origin: string
  /** HTML by path. */
  pages: Map<string, string>
  close(): Promise<void>
}

/** @param name what the browser knows it by: every name below `localhost` is this machine (RFC 6761 6.3) */
export async function startSite(name: string): Promise<Site> {
  const pages = new Map<string, string>()
  const server = createServer(({ url = '/' }, response) => {
    const page = pages.get(new URL(url, 'http://any').pathname)
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(`<!doctype html><html lang="en"><meta charset="utf-8">${page ?? ''}</html>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    origin: `http://${name}.localhost:${typeof address === 'object' && address ? address.port : 0}`,
    pages,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
