/** Finds a configuration's secrets: resolved here and nowhere else, and remembered so that they can be masked later. */
import { readFileSync } from 'node:fs'

/** Values that must never be printed, gathered while they are resolved. */
export type Secrets = Set<string>

export type Environment = Readonly<Record<string, string | undefined>>

interface Resolving {
  environment: Environment
  mistakes: string[]
  secrets: Secrets
}

/** Replaces every `{"env":"NAME"}` and `{"file":"path"}`. */
export function resolveSecrets(value: unknown, path: readonly string[], resolving: Resolving): unknown {
  if (Array.isArray(value)) return value.map((item, index) => resolveSecrets(item, [...path, String(index)], resolving))
  if (!isRecord(value)) return value
  const [key, ...others] = Object.keys(value)
  const source = key === undefined ? undefined : value[key]
  if (others.length === 0 && typeof source === 'string' && !path.includes('label')) {
    if (key === 'env') return secretFromEnvironment(source, path, resolving)
    if (key === 'file') return secretFromFile(source, path, resolving)
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, resolveSecrets(inner, [...path, name], resolving)]),
  )
}

function secretFromEnvironment(name: string, path: readonly string[], { environment, mistakes, secrets }: Resolving) {
  const secret = environment[name]
  if (secret) secrets.add(secret)
  else mistakes.push(`${path.join('.')}: the environment variable ${name} is not set`)
  return secret
}

function secretFromFile(file: string, path: readonly string[], { mistakes, secrets }: Resolving) {
  const secret = contentsOf(file)?.trim()
  if (secret) secrets.add(secret)
  else mistakes.push(`${path.join('.')}: the file ${file} ${secret === undefined ? 'cannot be read' : 'is empty'}`)
  return secret || undefined
}

function contentsOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** The password of an address, as it is written and as it is meant; a query is where an S3 store's keys would be. */
export function secretsIn(address: string | undefined): string[] {
  const url = address === undefined ? null : URL.parse(address)
  if (!url) return []
  const named = [...url.searchParams].filter(([name]) => /secret|password|token|key/i.test(name))
  const values = [url.password, decodeURIComponent(url.password), ...named.map(([, value]) => value)]
  return values.filter((value) => value !== '')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
