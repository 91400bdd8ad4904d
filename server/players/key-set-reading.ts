/** One read of a studio's JWKS: capped in time and size, without redirects, and of its keys only the sound public ones. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { algorithmsOfKey, describeUnusableKey } from '../config/studio-keys.ts'
import { parseStrictObject } from '../runtime/strict-json.ts'

/** Room for a hundred RSA keys with their certificates. */
const maxBytes = 262_144
/** A token without a `kid` is tried against every key, so their number is part of its price. */
const maxKeys = 64

/** What is wrong with a studio's key server, for the log: never a word of what it said. */
export interface KeySetFailure {
  code: 'unreachable' | 'slow' | 'bad_status' | 'too_large' | 'not_a_key_set' | 'unusable_key'
  detail: string
}

export interface StudioKey {
  kid: string | undefined
  algorithms: readonly string[]
  key: KeyObject
}

interface ReadingParts {
  fetch: typeof fetch
  timeoutMs: number
  onFailure: (failure: KeySetFailure) => void
}

/** @returns `undefined` when the set could not be read; then `onFailure` was told why. Never rejects. */
export async function readKeySet(url: URL, parts: ReadingParts): Promise<readonly StudioKey[] | undefined> {
  try {
    const signal = AbortSignal.timeout(parts.timeoutMs)
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const response = await parts.fetch(url, { headers, redirect: 'manual', signal })
    return keysIn(await readBody(response), parts.onFailure)
  } catch (error) {
    parts.onFailure(failureOf(error))
    return undefined
  }
}

class ReadingFailed extends Error {
  readonly failure: KeySetFailure

  constructor(code: KeySetFailure['code'], detail: string) {
    super(detail)
    this.failure = { code, detail }
  }
}

function failureOf(error: unknown): KeySetFailure {
  if (error instanceof ReadingFailed) return error.failure
  if (error instanceof Error && error.name === 'TimeoutError') return { code: 'slow', detail: 'no answer in time' }
  return { code: 'unreachable', detail: 'no connection' }
}

async function readBody(response: Response): Promise<Uint8Array> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new ReadingFailed('bad_status', `answered ${response.status}, and only 200 will do`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new ReadingFailed('too_large', `longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function keysIn(body: Uint8Array, onFailure: ReadingParts['onFailure']): readonly StudioKey[] {
  const members = parseStrictObject(body)?.keys
  if (!Array.isArray(members)) throw new ReadingFailed('not_a_key_set', 'not JSON with a list of keys')
  if (members.length > maxKeys) throw new ReadingFailed('too_large', `more than ${maxKeys} keys`)
  return members.flatMap((member: unknown) => {
    const read = readKey(member)
    if (typeof read !== 'string') return read
    onFailure({ code: 'unusable_key', detail: read })
    return []
  })
}

const PublishedKey = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
})

/** @returns the key; an empty list for one that is meant for something else; or what is wrong with it */
function readKey(member: unknown): readonly StudioKey[] | string {
  const jwk = PublishedKey.safeParse(member)
  if (!jwk.success) return 'a member of the list is not a JSON Web Key'
  if (isForSomethingElse(jwk.data)) return []
  if (isSecret(jwk.data)) return 'a private or shared key is published: whoever reads it can sign as the studio'
  try {
    const key = createPublicKey({ key: jwk.data, format: 'jwk' })
    const algorithms = algorithmsOfKey(key)
    if (algorithms.length === 0) return describeUnusableKey(key)
    return [{ kid: jwk.data.kid, algorithms: narrow(algorithms, jwk.data.alg), key }]
  } catch {
    return 'a key in the list cannot be read'
  }
}

function isForSomethingElse(jwk: z.infer<typeof PublishedKey>): boolean {
  return (jwk.use !== undefined && jwk.use !== 'sig') || jwk.key_ops?.includes('verify') === false
}

function isSecret(jwk: Record<string, unknown>): boolean {
  return 'd' in jwk || 'k' in jwk
}

function narrow(algorithms: readonly string[], only: string | undefined): readonly string[] {
  return only === undefined ? algorithms : algorithms.filter((algorithm) => algorithm === only)
}
