/** SECURITY.md names files and tests: all of them are there, under that very name. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readme } from './docs.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const page = read('SECURITY.md')
const manifest = JSON.parse(read('package.json')) as { version: string; files: string[] }

const [, table = ''] = page.split(/^\| Who could .*\n\|[-|]+\n/m)
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').slice(1, -1))

const links = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path = '']) => path)

/** Each with the titles behind it. */
const tests = [...page.matchAll(/\[`([^`]+)`\]\((test\/[^)]+)\): (“[^”]+”(?:, “[^”]+”)*)/g)].flatMap(
  ([, name = '', path = '', titles = '']) =>
    [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({ name, path, title })),
)

describe('SECURITY.md', () => {
  it.each([...new Set(links)])('names %s, which is there', (path) => {
    expect(read(path)).not.toBe('')
  })

  it('names each file by its own name', () => {
    const named = [...page.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)]
    expect(named.length).toBeGreaterThan(50)
    for (const [, name = '', path = ''] of named) expect(path.split('/').at(-1)).toBe(name)
  })

  it.each(tests)('names a test of $path: $title', ({ path, title }) => {
    const titled = ["'", '"', '`'].map((quote) => `${quote}${title}${quote}`)
    expect(titled.some((text) => read(path).includes(text))).toBe(true)
  })

  it('says of everybody who could what stops them, what is left, and which test shows it', () => {
    expect(rows.length).toBeGreaterThan(20)
    for (const cells of rows) {
      const [who = '', ...others] = cells
      expect(others.length, who).toBe(3)
      for (const cell of others) expect(cell.trim(), who).not.toBe('')
      expect(others[2], who).toMatch(/\(test\/[^)]+\): “/)
    }
    // None behind which a title is missing, or a comma stands in the way.
    expect(tests.length).toBe([...table.matchAll(/“/g)].length)
  })

  it('names the version that is here, is named by README, and is carried by the package', () => {
    expect(page).toContain(`| ${manifest.version.replace(/\.\d+$/, '.x')} | yes |`)
    expect(readme).toContain('](SECURITY.md)')
    expect(manifest.files).toContain('SECURITY.md')
  })
})
