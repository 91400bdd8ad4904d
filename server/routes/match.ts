/** Which route a request asks for: its path, and the parts of it that have a name. */

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

interface Pattern<T> {
  pattern: RegExp
  names: readonly string[]
  value: T
}

/** @returns what finds the one route for a method and a path */
export function createMatch<T>(routes: readonly Route<T>[]): (method: string, path: string) => Matched<T> | undefined {
  const byMethod = Map.groupBy(routes, ({ method }) => method)
  const known = new Map(
    [...byMethod].map(([method, own]) => [method, { exact: exactIn(own), patterns: patternsIn(own) }]),
  )

  return (method, path) => {
    const own = known.get(method)
    const exact = own?.exact.get(path)
    if (exact) return exact
    for (const { pattern, names, value } of own?.patterns ?? []) {
      const found = pattern.exec(path)
      if (found)
        return { value, params: Object.fromEntries(names.map((name, n) => [name, decoded(found[n + 1] ?? '')])) }
    }
    return undefined
  }
}

function exactIn<T>(routes: readonly Route<T>[]): Map<string, Matched<T>> {
  const plain = routes.filter(({ path }) => !path.includes(':'))
  return new Map(plain.map(({ path, value }) => [path, { value, params: {} }]))
}

function patternsIn<T>(routes: readonly Route<T>[]): Pattern<T>[] {
  return routes
    .filter(({ path }) => path.includes(':'))
    .map(({ path, value }) => ({
      pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '([^/]+)')}$`),
      names: [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name),
      value,
    }))
}

/** A path comes with what may stand between two slashes still encoded. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
