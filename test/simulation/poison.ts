/** Messages that a vendor does not take, told by their names so that a history reads by itself. */
import type { Fate } from './weather.ts'

/** `choking`: answered 500. `silent`: never answered. `refused`: answered 422. `cured`: refused until all is well. */
export const poisonKinds = ['choking', 'choking', 'silent', 'refused', 'cured'] as const
export type Poison = (typeof poisonKinds)[number]

export function nameOfPoison(name: string, poison: Poison): string {
  return `${name}-${poison}`
}

/** @returns what becomes of a message at its vendor whatever the weather; undefined for one that is nothing special */
export function fateOfPoison(name: string, isHealed: boolean): Fate | undefined {
  const answerMs = 50
  if (name.endsWith('-choking')) return { kind: 'failed', answerMs, carriedOutMs: undefined }
  if (name.endsWith('-silent')) return { kind: 'lost', carriedOutMs: undefined }
  if (name.endsWith('-refused') || (name.endsWith('-cured') && !isHealed)) return { kind: 'refused', answerMs }
  return undefined
}

export function isPoison(name: string): boolean {
  return poisonKinds.some((poison) => name.endsWith(`-${poison}`))
}
