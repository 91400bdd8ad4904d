/** What npm carries: whoever imports the widget gets its types whole, and no other package. Reads what `tsc -b` has written. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
const { exports, files } = manifest

/** What a declaration imports, as it is written there. */
function importsOf(file: string): string[] {
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from |import\()["']([^"']+)["']/g)
  return [...imports].map(([, path = '']) => path)
}

/** Every declaration that can be reached from one, itself included. */
function reachableFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  if (!existsSync(file)) return seen
  for (const path of importsOf(file).filter((path) => path.startsWith('.')))
    reachableFrom(join(file, '..', path.replace(/\.tsx?$/, '.d.ts')), seen)
  return seen
}

const reached = [...reachableFrom(join(root, exports['.'].types))]

it('carries every declaration that the types of the widget lead to', () => {
  expect(reached.length).toBeGreaterThan(3)
  expect(reached.filter((file) => !existsSync(file))).toEqual([])
  expect(reached.filter((file) => !files.some((folder: string) => file.startsWith(join(root, folder))))).toEqual([])
})

it('needs no other package for them', () => {
  expect(reached.flatMap(importsOf).filter((path) => !path.startsWith('.'))).toEqual([])
  expect(manifest.dependencies ?? {}).toEqual({})
})

it('carries the pages that the relay speaks of', () => {
  expect(files).toContain('docs')
})

// `npm install` mends a lock file that lags behind, and says nothing.
it('has the packages of its manifest in its lock file', () => {
  const { version, dependencies, devDependencies } = lock.packages['']
  expect({ version, dependencies, devDependencies }).toEqual({
    version: manifest.version,
    dependencies: manifest.dependencies,
    devDependencies: manifest.devDependencies,
  })
})
