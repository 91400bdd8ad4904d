/** The pages for studios and contributors as text, and the numbers that stand in them. */
import { readdirSync, readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)

/** Every page, by its path from the top. */
export const pages: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(new URL('docs', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export function pageText(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

export const readme = pageText('README.md')

export interface DocumentedLimit {
  player: number
  device: number
  /** Undefined where the table has a dash: no fence. */
  address: number | undefined
}

/** @throws where docs/configuration.md has no such row */
export function documentedLimit(kind: string): DocumentedLimit {
  const row = new RegExp(`^\\| \`${kind}\`.*\\|.*\\| ([\\d,]+) \\| ([\\d,]+) \\| ([\\d,]+|–) \\|$`, 'm').exec(
    pageText('docs/configuration.md'),
  )
  if (!row) throw new Error(`docs/configuration.md has no row for ${kind}`)
  const [, player = '', device = '', address = ''] = row
  return {
    player: numberOf(player),
    device: numberOf(device),
    address: address === '–' ? undefined : numberOf(address),
  }
}

/** @param phrase - with one `#` in the place of the number. @throws where the page does not say it */
export function documentedNumber(page: string, phrase: string): number {
  const [before = '', behind = ''] = phrase.split('#').map(escaped)
  const found = new RegExp(`${before}([\\d,]+)${behind}`).exec(prose(page))?.[1]
  if (found === undefined) throw new Error(`${page} does not say ${phrase}`)
  return numberOf(found)
}

/** A page without its line breaks. */
export function prose(page: string): string {
  return pageText(page).replaceAll(/\s+/g, ' ')
}

/** The examples of a page in one language, in their order. */
export function examples(page: string, language: string): string[] {
  const fences = pageText(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))
  return [...fences].map(([, text = '']) => text)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''))
}
