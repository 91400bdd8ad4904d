/** Whatever the pages lead to is there: files, headings, commands. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pages, pageText } from './docs.ts'

const root = join(import.meta.dirname, '..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** As GitHub makes a heading's address: lower case, without marks, a hyphen for each space, and a number for a repeated one. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = withoutExamples(pageText(page)).matchAll(/^#+ (.+)$/gm)
  const named = [...headings].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
  return new Set(named)
}

function withoutExamples(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '')
}

function targetsOf(page: string): string[] {
  const text = withoutExamples(pageText(page))
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  const pictures = [...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, target = '']) => target)
  return [...links, ...pictures].filter((target) => !/^https?:/.test(target))
}

const links = pages.flatMap((page) => targetsOf(page).map((target) => ({ page, target })))

it('there are links to check', () => {
  expect(links.length).toBeGreaterThan(100)
})

describe.each(pages)('%s', (page) => {
  it('leads to files and headings that are there', () => {
    const broken = links.filter((link) => link.page === page && !leadsSomewhere(page, link.target))
    expect(broken.map(({ target }) => target)).toEqual([])
  })

  it('names only commands that are there', () => {
    expect(commandsOf(page).filter((name) => name !== 'install' && !(name in scripts))).toEqual([])
  })
})

it('each command is named on a page', () => {
  const named = new Set(pages.flatMap(commandsOf))
  // Of npm's own accord, before it packs.
  expect(Object.keys(scripts).filter((name) => name !== 'prepack' && !named.has(name))).toEqual([])
})

function commandsOf(page: string): string[] {
  const named = pageText(page).matchAll(/(?:^|`|&& )npm (?:run )?(?:--silent )?([a-z]+(?::[a-z]+)*)/gm)
  return [...named].map(([, name = '']) => name)
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (file.startsWith('..') || !existsSync(join(root, file))) return false
  if (anchor === undefined) return true
  return statSync(join(root, file)).isFile() && file.endsWith('.md') && anchors(file).has(anchor)
}
