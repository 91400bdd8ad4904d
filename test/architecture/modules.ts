/** The project's own source as the rules of the house see it: modules, what they import and export, how long their functions are. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseAst } from 'vite'

export interface Module {
  /** From the project's root, with `/`. */
  path: string
  lines: number
  imports: Import[]
  /** What other modules may import, but for types: those say what a door takes and gives. */
  exports: string[]
  functions: FunctionLength[]
}

export interface Import {
  /** The module's path from the project's root. */
  from: string
  /** `*` where all of it can be used: a namespace, an import() of its value. */
  names: string[]
}

export interface FunctionLength {
  name: string
  /** Lines without those of the functions inside that are longer than three. */
  ownLines: number
}

interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

const root = join(import.meta.dirname, '../..')
const types = new Set(['TSInterfaceDeclaration', 'TSTypeAliasDeclaration'])
const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Every module of the project. */
export function readModules(): Module[] {
  const found = globSync(['vite.config.ts', '{server,widget,test}/**/*.{ts,tsx}'], { cwd: root })
  const paths = found.filter((path) => !path.endsWith('.d.ts'))
  const known = new Set(paths)
  return paths.sort().map((path) => readModule(path, known))
}

function readModule(path: string, known: ReadonlySet<string>): Module {
  const text = readFileSync(join(root, path), 'utf8')
  const program = parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node
  const imports = importsOf(program)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from, names }) => ({ from: normalize(join(dirname(path), from.replace(/\?.*$/, ''))), names }))
    .filter(({ from }) => known.has(from))
  return {
    path,
    lines: text.split('\n').length,
    imports,
    exports: exportsOf(program),
    functions: functionsOf(program, text),
  }
}

function importsOf(program: Node): Import[] {
  const found: Import[] = []
  visit(program, (node) => {
    const from = (node.source as Node | null | undefined)?.value
    if (typeof from !== 'string') return
    if (node.type === 'ImportDeclaration') found.push({ from, names: namesOf(node.specifiers, 'imported') })
    if (node.type === 'ExportNamedDeclaration') found.push({ from, names: namesOf(node.specifiers, 'local') })
    if (node.type === 'ExportAllDeclaration' || node.type === 'ImportExpression') found.push({ from, names: ['*'] })
    if (node.type === 'TSImportType') found.push({ from, names: [nameOf(node.qualifier) ?? '*'] })
  })
  return found
}

function exportsOf(program: Node): string[] {
  const statements = (program.body as Node[]).filter(({ type }) => type === 'ExportNamedDeclaration')
  return statements.flatMap((node) => {
    const declaration = node.declaration as Node | null
    if (!declaration || types.has(declaration.type)) return []
    const declared = (declaration.declarations as Node[] | undefined) ?? [declaration]
    return declared.flatMap(({ id }) => nameOf(id) ?? [])
  })
}

function functionsOf(program: Node, text: string): FunctionLength[] {
  const found: FunctionLength[] = []
  const linesOf = ({ start, end }: Node) => text.slice(start, end).split('\n').length
  /** @returns the lines of the functions in `node` that count by themselves */
  const measure = (node: Node, name: string): number => {
    let inner = 0
    for (const [key, child] of children(node)) inner += measure(child, boundName(node, key) ?? name)
    if (!functions.has(node.type)) return inner
    const lines = linesOf(node)
    found.push({ name: nameOf(node.id) ?? name, ownLines: lines - inner })
    return lines > 3 ? lines - 1 : inner
  }
  measure(program, '')
  return found
}

/** What a function is called by what it is put into. */
function boundName(node: Node, key: string): string | undefined {
  if (node.type === 'VariableDeclarator' && key === 'init') return nameOf(node.id)
  if (node.type === 'Property' && key === 'value') return nameOf(node.key)
  return undefined
}

function visit(node: Node, look: (node: Node) => void): void {
  look(node)
  for (const [, child] of children(node)) visit(child, look)
}

function children(node: Node): [string, Node][] {
  return Object.entries(node).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).filter(isNode).map((child): [string, Node] => [key, child]),
  )
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}

function namesOf(specifiers: unknown, key: 'imported' | 'local'): string[] {
  return (specifiers as Node[]).map((specifier) => nameOf(specifier[key]) ?? '*')
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  return typeof node.name === 'string' ? node.name : nameOf(node.left)
}
