/** Reads what was sent, never more of it than was agreed. */
import { Refusal } from '../runtime/refusal.ts'

/** CONTRACT: a JSON body is at most 64 KiB. */
const maxJsonBytes = 65_536

/** @throws Refusal `too_large`, `invalid_json` */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, maxJsonBytes)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal('invalid_json', { cause: error })
  }
}

/** Stops reading at the first byte too many. @throws Refusal `too_large`; `invalid_json` when it is not UTF-8 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > maxBytes) throw new Refusal('too_large')
  // Node lets nobody send more than they declare, and reading all at once costs half of reading a stream.
  if (declared <= maxBytes) return decode(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new Refusal('too_large')
    chunks.push(chunk)
  }
  return decode(Buffer.concat(chunks))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new Refusal('invalid_json', { cause: error })
  }
}
