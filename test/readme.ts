/** README as text, and the numbers that stand in it. */
import { readFileSync } from 'node:fs'

export const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

export interface LimitInReadme {
  player: number
  device: number
  /** Undefined where README has a dash: no fence. */
  address: number | undefined
}

/** @throws where README has no such row */
export function limitInReadme(kind: string): LimitInReadme {
  const row = new RegExp(`^\\| \`${kind}\`.*\\|.*\\| ([\\d,]+) \\| ([\\d,]+) \\| ([\\d,]+|–) \\|$`, 'm').exec(readme)
  if (!row) throw new Error(`README has no row for ${kind}`)
  const [, player = '', device = '', address = ''] = row
  return {
    player: numberOf(player),
    device: numberOf(device),
    address: address === '–' ? undefined : numberOf(address),
  }
}

/** @param phrase - with one `#` in the place of the number. @throws where README does not say it */
export function numberInReadme(phrase: string): number {
  const [before = '', behind = ''] = phrase.split('#').map(escaped)
  const found = new RegExp(`${before}([\\d,]+)${behind}`).exec(readme.replaceAll(/\s+/g, ' '))?.[1]
  if (found === undefined) throw new Error(`README does not say ${phrase}`)
  return numberOf(found)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''))
}
