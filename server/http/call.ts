/** One request on its way through the relay. */
import type { Http2Bindings, HttpBindings } from '@hono/node-server'
import type { Named } from './limits.ts'

/** The connection; undefined in a call within the process. */
export type Bindings = Partial<HttpBindings | Http2Bindings> | undefined

export interface Call {
  request: Request
  /** Decoded, and without the query. */
  path: string
  /** Of the client, as far as it can be known. */
  address: string | undefined
  /** By which name that address spends. */
  network: Named
  /** Of the page it comes from, where a browser says so. */
  origin: string | undefined
  bindings: Bindings
}

/** An answer that needs no `Response` yet: one that is changed afterwards costs as much as reading the ledger. */
export interface PlainAnswer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  text: string | null
}

export type Answer = Response | PlainAnswer
