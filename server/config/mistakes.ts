/** What is wrong with a value of the configuration, for somebody who has never heard of a schema. Never quotes the value. */
import type { z } from 'zod'

const types: Record<string, string> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list […]',
  object: 'an object {…}',
  record: 'an object {…}',
}

const formats: Record<string, string> = {
  url: 'a whole address, such as https://support.studio.example',
  uuid: 'a UUID, such as 3f0eee32-8eac-4668-9b38-e3e5dc21d607',
  email: 'an e-mail address',
}

/** For zod's `error`: whatever a schema has no words of its own for. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `${issue.input === undefined ? 'is missing; it must be' : 'must be'} ${types[issue.expected] ?? issue.expected}`
    case 'unrecognized_keys':
      return `unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}`
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`
    case 'invalid_union':
      return Array.isArray(issue.options) ? `must be ${oneOf(issue.options)}` : ofClosest(issue.errors)
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number' ? 'is empty' : `must have ${least(issue)}`
    case 'too_big':
      return `must have at most ${amount(issue.maximum, issue.origin)}`
    case 'invalid_format':
      return formats[issue.format] && `must be ${formats[issue.format]}`
    case 'invalid_key':
      return 'is a name that cannot be used: lower-case letters, digits and hyphens, 64 at the most'
    default:
      return undefined
  }
}

/** What is wrong by the alternative that the value comes nearest to; by each of them where several are as near. */
function ofClosest(alternatives: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const isOfItsKind = (issues: readonly z.core.$ZodIssue[]) =>
    issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
  const near = alternatives.some(isOfItsKind) ? alternatives.filter(isOfItsKind) : alternatives
  const fewest = Math.min(...near.map((issues) => issues.length))
  const words = near.filter((issues) => issues.length === fewest).map((issues) => issues.map(inPlace).join('; '))
  return [...new Set(words)].join(', or ') || undefined
}

function inPlace({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')} ${message}` : message
}

function least({ minimum, origin }: { minimum: number | bigint; origin: string }): string {
  return `at least ${amount(minimum, origin)}`
}

const units: Record<string, string> = { string: ' characters', array: ' entries', set: ' entries' }

function amount(count: number | bigint, origin: string): string {
  return `${count}${units[origin] ?? ''}`
}

function oneOf(values: readonly unknown[]): string {
  const said = values.map((value) => JSON.stringify(value))
  return said.length === 1 ? String(said[0]) : `one of ${said.join(', ')}`
}
