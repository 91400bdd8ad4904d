/** A studio's key server that can be told to misbehave, and counts who comes. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Studio } from './studio.ts'

export interface KeyServer {
  url: string
  visits: () => number
  /** Publishes these keys from now on, under these `kid`s. */
  publish: (keys: Record<string, Studio>) => void
  /** Answers in this way from now on. */
  answer: (listener: RequestListener) => void
  /** Every connection is cut without a word. */
  goDown: () => void
  /** Takes requests and never answers them. */
  hang: () => void
  close: () => Promise<void>
}

export async function startKeyServer(): Promise<KeyServer> {
  let visits = 0
  let listener: RequestListener = (_, response) => response.end('{"keys":[]}')
  const server = createServer((request, response) => {
    visits += 1
    listener(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    visits: () => visits,
    publish: (keys) => {
      const members = Object.entries(keys).map(([kid, studio]) => studio.publicJwk(kid))
      listener = (_, response) => response.end(JSON.stringify({ keys: members }))
    },
    answer: (next) => {
      listener = next
    },
    goDown: () => {
      listener = (request) => request.socket.destroy()
    },
    hang: () => {
      listener = () => {}
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
