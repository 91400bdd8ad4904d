/** The rules of the house. Each names what breaks it as `file: what`, so that a mended break can be told from a new one. */
import type { Module } from './modules.ts'

/** From what everybody may use to what uses everything: a room imports itself and what stands before it. */
const serverRooms = [
  ['contract'],
  ['runtime'],
  ['vendors'],
  ['store'],
  ['config'],
  ['players', 'receipts'],
  ['files', 'desk'],
  ['tickets'],
  ['events'],
  ['http'],
  ['backup', 'housekeeping.ts'],
  ['relay.ts'],
  ['commands'],
  ['main.ts'],
]

/** `handle.ts` is what the page holds of the widget: types alone. */
const widgetRooms = [
  ['handle.ts', 'lazy-import.ts'],
  ['words', 'style'],
  ['relay', 'play'],
  ['state'],
  ['panel'],
  ['host.ts'],
  ['start.ts'],
  ['launcher.ts'],
  ['embed.ts', 'mount.ts', 'page.ts', 'demo.ts'],
]

/** The npm package's door, and what the test runner calls. */
const usedFromOutside = new Set(['widget/mount.ts', 'test/fixtures/global-setup.ts'])

export const rules: Record<string, (modules: readonly Module[]) => string[]> = {
  'a room imports only what stands below it': (modules) => [
    ...crossings(modules, 'server', serverRooms),
    ...crossings(modules, 'widget', widgetRooms),
  ],
  'a vendor knows no other vendor and no other room': strayVendors,
  'the widget knows the contract and nothing else of the server': (modules) =>
    arrows(modules, (path, from) => isIn(path, 'widget') && isIn(from, 'server') && !isIn(from, 'server/contract')),
  'the server knows nothing of the widget': (modules) =>
    arrows(modules, (path, from) => isIn(path, 'server') && isIn(from, 'widget')),
  'nothing imports a test': (modules) =>
    arrows(modules, (path, from) => /^(server|widget)\//.test(path) && isIn(from, 'test')),
  'no module imports itself by way of others, not by its types either': circles,
  'a function has at most 60 lines of its own': longFunctions,
  'what a module exports is used by another': unusedExports,
}

/** The adapter of the built-in desk stands between the vendors and a room of our own. */
const isDeskAdapter = (path: string, from: string) => isIn(path, 'server/vendors/desk') && isIn(from, 'server/desk')

function crossings(modules: readonly Module[], top: string, rooms: string[][]): string[] {
  const floorOf = (path: string) => {
    const room = path.split('/')[1] ?? ''
    const floor = rooms.findIndex((names) => names.includes(room))
    if (floor < 0) throw new Error(`no rule says who may import ${path}`)
    return floor
  }
  const isCrossing = (path: string, from: string) =>
    isIn(path, top) &&
    isIn(from, top) &&
    path.split('/')[1] !== from.split('/')[1] &&
    !isDeskAdapter(path, from) &&
    floorOf(from) >= floorOf(path)
  return arrows(modules, isCrossing)
}

function strayVendors(modules: readonly Module[]): string[] {
  const folderOf = (path: string) => /^server\/vendors\/[^/]+\//.exec(path)?.[0]
  const common = ['server/vendors/http/', 'server/vendors/text/']
  return arrows(modules, (path, from) => {
    const own = folderOf(path)
    if (!own || common.includes(own) || isDeskAdapter(path, from)) return false
    const folder = folderOf(from)
    const isCommon = folder ? common.includes(folder) : isIn(from, 'server/vendors')
    return folder !== own && !isCommon && !isIn(from, 'server/contract') && !isIn(from, 'server/runtime')
  })
}

/** Of modules that reach each other, each circle once. */
function circles(modules: readonly Module[]): string[] {
  const importsOf = new Map(modules.map(({ path, imports }) => [path, imports.map(({ from }) => from)]))
  const reached = new Map([...importsOf.keys()].map((path) => [path, reachedFrom(path, importsOf)]))
  const told = new Set<string>()
  return [...importsOf.keys()].sort().flatMap((path) => {
    if (told.has(path) || !reached.get(path)?.has(path)) return []
    const others = [...(reached.get(path) ?? [])]
      .filter((other) => other !== path && reached.get(other)?.has(path))
      .sort()
    for (const other of others) told.add(other)
    return [`${path}: in a circle of ${others.length + 1} with ${others.join(', ')}`]
  })
}

function reachedFrom(path: string, importsOf: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>()
  const open = [path]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const from of importsOf.get(next) ?? []) {
      if (reached.has(from)) continue
      reached.add(from)
      open.push(from)
    }
  }
  return reached
}

function longFunctions(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, functions }) =>
    functions
      .filter(({ ownLines }) => ownLines > 60)
      .map(({ name }) => `${path}: ${name || 'a function without a name'}`),
  )
}

function unusedExports(modules: readonly Module[]): string[] {
  const used = new Map<string, Set<string>>()
  for (const { imports } of modules) {
    for (const { from, names } of imports) used.set(from, new Set([...(used.get(from) ?? []), ...names]))
  }
  return modules.flatMap(({ path, exports }) => {
    const names = used.get(path)
    if (usedFromOutside.has(path) || names?.has('*')) return []
    return exports.filter((name) => !names?.has(name)).map((name) => `${path}: ${name}`)
  })
}

function arrows(modules: readonly Module[], isWrong: (path: string, from: string) => boolean): string[] {
  return modules.flatMap(({ path, imports }) =>
    [...new Set(imports.map(({ from }) => from))]
      .filter((from) => isWrong(path, from))
      .map((from) => `${path}: ${from}`),
  )
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`)
}
