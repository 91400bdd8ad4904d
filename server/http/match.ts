/** Which route a request asks for: its path, and the parts of it that have a name. */
import { TrieRouter } from 'hono/router/trie-router'
import { tryDecodeURIComponent } from 'hono/utils/url'

export interface Route<T> {
  method: string
  /** A part after a colon stands for one segment: `/tickets/:ticketId`. */
  path: string
  value: T
}

export type Params = Record<string, string>

export interface Matched<T> {
  value: T
  params: Params
}

/** @returns what finds the one route for a method and a path */
export function createMatch<T>(routes: readonly Route<T>[]): (method: string, path: string) => Matched<T> | undefined {
  const router = new TrieRouter<T>()
  const methods = new Set(routes.map(({ method }) => method))
  for (const { method, path, value } of routes) router.add(method, path, value)

  return (method, path) => {
    // Asked for a method nobody has, the router takes it for a word of its own.
    const [found] = methods.has(method) ? router.match(method, path)[0] : []
    if (!found) return undefined
    const [value, params] = found
    // A path comes with what may stand between two slashes still encoded.
    const decoded = Object.entries(params).map(([name, part]) => [name, tryDecodeURIComponent(String(part))])
    return { value, params: Object.fromEntries(decoded) }
  }
}
