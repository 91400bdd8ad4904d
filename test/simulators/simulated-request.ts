/** Reading a request as a simulator's route wants it. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'

/** The named parts of a path, or undefined when the call is another one. */
export function paramsOf(call: string, method: string, path: string): Record<string, string> | undefined {
  const [verb, template = ''] = call.split(' ')
  const wanted = template.split('/')
  const given = path.split('/')
  if (verb !== method || wanted.length !== given.length) return undefined
  const fit = wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  if (!fit) return undefined
  const named = wanted.flatMap((part, index) =>
    part.startsWith(':') ? [[part.slice(1), decodeURIComponent(given[index] ?? '')]] : [],
  )
  return Object.fromEntries(named)
}

export function one(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] ?? '') : values
}

export function fits(schema: z.ZodType | undefined, value: unknown): { value: unknown } | string {
  const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  if (!schema) return empty ? { value: undefined } : 'was not asked for'
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data }
  return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}

export async function readBody(
  request: IncomingMessage,
  headers: Record<string, string>,
  raw: 'multipart' | 'bytes' | undefined,
): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  if (raw === 'bytes') return bytes
  if (bytes.length === 0) return undefined
  if (raw === 'multipart')
    return new Response(bytes, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData()
  if (!headers['content-type']?.startsWith('application/json')) return `not JSON: ${headers['content-type']}`
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return 'not JSON'
  }
}
