/** What npm carries: whoever imports the widget gets its types whole. Reads what `tsc -b` has written. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const { exports, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Every declaration that can be reached from one, itself included. */
function reachableFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  if (!existsSync(file)) return seen
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']+)["']/g)
  for (const [, path = ''] of imports) reachableFrom(join(file, '..', path.replace(/\.tsx?$/, '.d.ts')), seen)
  return seen
}

it('carries every declaration that the types of the widget lead to', () => {
  const reached = [...reachableFrom(join(root, exports['.'].types))]
  expect(reached.length).toBeGreaterThan(3)
  expect(reached.filter((file) => !existsSync(file))).toEqual([])
  expect(reached.filter((file) => !files.some((folder: string) => file.startsWith(join(root, folder))))).toEqual([])
})
