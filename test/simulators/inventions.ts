/**
 * What a simulator says though its vendor's document does not print it. Adapter and simulator would otherwise agree on it
 * by construction: so each such name stands in one table of the simulator's, and a test changes it.
 */

export interface Invention {
  /** What the simulator says unless a test wishes otherwise. */
  usual: string
  /** What the vendor may as well say. */
  other: string
  /** Nothing can be opened by an adapter that does not know it. */
  opensWith?: boolean
  /** Off unless the studio names it, so that nobody is ever wrong about it. */
  byStudio?: boolean
}

export type Names<Table> = { readonly [Name in keyof Table]: string }

/** How a simulator is started with other names. */
export interface Naming {
  /** By the name of the invention. */
  names?: Readonly<Record<string, string>>
  /** Whether the studio has told the relay of them, where the configuration has a place for them. Default true. */
  told?: boolean
}

/** The names in use. */
export function namesOf<Table extends Record<string, Invention>>(
  table: Table,
  changes: Readonly<Record<string, string>> = {},
): Names<Table> {
  const unknown = Object.keys(changes).filter((name) => !Object.hasOwn(table, name))
  if (unknown.length > 0) throw new Error(`no such invention: ${unknown.join(', ')}`)
  const usual = Object.entries(table).map(([name, invention]) => [name, invention.usual])
  return Object.fromEntries([...usual, ...Object.entries(changes)])
}

/** `GET /tickets/:ticketId` as a configuration names it: `GET /tickets/{ticketId}`. */
export function configuredPath(call: string): string {
  return call.replaceAll(/:(\w+)/g, '{$1}')
}

type Config = Readonly<Record<string, unknown>>

/**
 * A configuration with what `told` says otherwise than `usual`: what is as usual stays out of it, so that the adapter's own
 * defaults are tested too.
 */
export function withTold(config: Config, told: Config, usual: Config): Record<string, unknown> {
  const changed = Object.entries(told).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name]))
  return {
    ...config,
    ...Object.fromEntries(changed.map(([name, value]) => [name, merged(config[name], value, usual[name])])),
  }
}

function merged(before: unknown, told: unknown, usual: unknown): unknown {
  return isConfig(told) ? withTold(isConfig(before) ? before : {}, told, isConfig(usual) ? usual : {}) : told
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
