/** Where the keys come from by which a receipt is checked: a file that was saved, or the relay's own address. */
import { readFile } from 'node:fs/promises'
import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { parseStrictObject } from '../runtime/strict-json.ts'

const timeoutMs = 10_000
const maxBytes = 262_144

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** Shown as it is. */
class KeysUnreadable extends Error {
  override readonly name = 'KeysUnreadable'
}

/** @param source - a file, or an address. @throws KeysUnreadable */
export async function readKeys(source: string): Promise<JSONWebKeySet> {
  const url = /^https?:/i.test(source) ? URL.parse(source) : null
  const bytes = await (url ? download(url) : readFile(source)).catch((error: unknown) => {
    if (error instanceof KeysUnreadable) throw error
    throw new KeysUnreadable(`The keys cannot be read from ${source}.`, { cause: error })
  })
  const keySet = KeySet.safeParse(parseStrictObject(bytes))
  if (!keySet.success) throw new KeysUnreadable(`${source} is not a set of keys.`)
  return keySet.data
}

async function download(url: URL): Promise<Uint8Array> {
  // Whoever sits in between would say which keys count.
  if (url.protocol !== 'https:' && !isOwnMachine(url))
    throw new KeysUnreadable(`${url.href} is not encrypted: anybody could have put other keys there.`)
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  if (response.status !== 200) throw new KeysUnreadable(`${url.href} answers ${response.status}.`)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new KeysUnreadable(`${url.href} is longer than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isOwnMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}
