/** What is this really: by content, never by name. And a name that is safe to show, to save and to pass on. */
import type { AttachmentReason } from '../contract/attachment.ts'
import { canonicalType, isActive, isPicture, isRunnableName } from './kinds.ts'
import { hasMarkup, isPlainText } from './sniff.ts'

export interface DeclaredFile {
  fileName: string
  fileType: string
  /** Bytes. */
  fileSize: number
}

export type Verdict = { ok: true; fileType: string } | { ok: false; reason: AttachmentReason }

/** How much of a file is looked at for markup and for text. */
const headBytes = 64 * 1024
/** How far the detector may look ahead. Archives are never unpacked, save for the small table some documents begin with. */
const detectBytes = 1024 * 1024

interface Detector {
  /** @returns the type, where the bytes tell one */
  typeOf: (body: ReadableStream<Uint8Array>) => Promise<string | undefined>
  /** All that bytes tell. */
  detectable: ReadonlySet<string>
}

/** Loaded with the first file: a relay starts without. */
async function loadDetector(): Promise<Detector> {
  const { fileTypeFromStream, supportedMimeTypes } = await import('file-type')
  return {
    typeOf: async (body) => (await fileTypeFromStream(body, { maxBufferSize: detectBytes }))?.mime,
    detectable: new Set([...supportedMimeTypes].map(canonicalType)),
  }
}

/**
 * Looks into a file as far as is needed and lets go of the rest.
 *
 * `type_mismatch`: it is not what it was declared as, or its name would make a system run it. `type_not_allowed`: it is,
 * but the game does not take it, or nobody should. `unreadable`: not the bytes that were announced.
 *
 * One picture under the name of another kind of picture (a screenshot saved as `.jpg` that is a PNG) harms nobody and
 * happens all the time: it passes as what it is, if the game takes that.
 *
 * @param allowed - MIME types as the configuration lists them
 * @throws the body's own error: a storage that fails says nothing about the file
 */
export async function checkFile(
  body: ReadableStream<Uint8Array>,
  declared: DeclaredFile,
  allowed: readonly string[],
): Promise<Verdict> {
  const { typeOf, detectable } = await loadDetector()
  const source = readAhead(body, typeOf)
  try {
    const head = await source.head(headBytes)
    const complete = head.byteLength < headBytes
    if (head.byteLength === 0 || (complete && head.byteLength !== declared.fileSize)) return refuse('unreadable')
    const real = (await source.detect()) ?? (isPlainText(head, complete) ? 'text/plain' : undefined)
    return judge({ real, head, declared, allowed, detectable })
  } finally {
    await source.end()
  }
}

interface Evidence {
  real: string | undefined
  head: Uint8Array
  declared: DeclaredFile
  allowed: readonly string[]
  detectable: Detector['detectable']
}

function judge({ real, head, declared, allowed, detectable }: Evidence): Verdict {
  const declaredAs = canonicalType(declared.fileType)
  const claimed = areBothPictures(real, declaredAs) ? canonicalType(real) : declaredAs
  if (isActive(declaredAs)) return refuse('type_not_allowed')
  if (!isWhatItClaims(real, claimed, detectable) || isPolyglot(claimed, head)) return refuse('type_mismatch')
  if (isRunnableName(cleanFileName(declared.fileName))) return refuse('type_mismatch')
  if (!allowed.some((type) => canonicalType(type) === claimed)) return refuse('type_not_allowed')
  // Of several names for one thing, the one the studio itself uses.
  if (real !== undefined && claimed !== 'text/plain' && allowed.includes(real)) return { ok: true, fileType: real }
  return { ok: true, fileType: claimed === declaredAs ? declared.fileType : claimed }
}

function areBothPictures(real: string | undefined, claimed: string): real is string {
  return real !== undefined && isPicture(canonicalType(real)) && isPicture(claimed)
}

/** A type nobody can detect (a game's own saves) is believed only of bytes that nobody can place either. */
function isWhatItClaims(real: string | undefined, claimed: string, detectable: Detector['detectable']): boolean {
  if (real !== undefined) return canonicalType(real) === claimed
  return !detectable.has(claimed) && !claimed.startsWith('text/')
}

/** Pictures, sound and film have no use for tags that run; archives and documents may hold pages as data. */
function isPolyglot(claimed: string, head: Uint8Array): boolean {
  return !/^(?:application|text)\//.test(claimed) && hasMarkup(head)
}

function refuse(reason: AttachmentReason): Verdict {
  return { ok: false, reason }
}

/** Reads a body once for two readers: the head stays in memory, the detector gets it again with what follows. */
function readAhead(body: ReadableStream<Uint8Array>, typeOf: Detector['typeOf']) {
  const reader = body.getReader()
  const kept: Uint8Array[] = []
  let failure: { error: unknown } | undefined

  async function next(): Promise<Uint8Array | undefined> {
    try {
      return (await reader.read()).value
    } catch (error) {
      failure = { error }
      throw error
    }
  }

  async function head(wanted: number): Promise<Uint8Array> {
    let size = 0
    while (size < wanted) {
      const chunk = await next()
      if (!chunk) break
      kept.push(chunk)
      size += chunk.byteLength
    }
    return Buffer.concat(kept).subarray(0, wanted)
  }

  async function detect(): Promise<string | undefined> {
    const replay = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const chunk = kept.shift() ?? (await next())
        if (chunk) controller.enqueue(chunk)
        else controller.close()
      },
    })
    try {
      return await typeOf(replay)
    } catch {
      // A file made to trip the detector is one that nothing is known of; a storage that failed is another matter.
      if (failure) throw failure.error
      return undefined
    }
  }

  return { head, detect, end: () => reader.cancel().catch(() => {}) }
}

const maxNameBytes = 255

/**
 * A name that holds no path, no markup, no control or invisible characters and no trick of direction, of at most 255
 * bytes of UTF-8. Its ending is kept. Never empty.
 */
export function cleanFileName(name: string): string {
  const last = name.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '')
    .replace(/[<>"'`&|?*:;%$#{}]/g, '_')
    .replace(/\s+/g, ' ')
    // Windows drops these at the end, which would uncover another ending; at the front they hide a file.
    .replace(/[. ]+$/, '')
  const [, stem = '', ending = ''] = /^(.*?)(\.[^. ]{1,16})?$/.exec(plain) ?? []
  const bare = stem.replace(/^[. ]+/, '').trimEnd() || 'file'
  const safe = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(bare) ? `_${bare}` : bare
  return cutTo(safe, maxNameBytes - Buffer.byteLength(ending)) + ending
}

/** Cuts between characters, never inside one. */
function cutTo(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const { written } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return Buffer.from(text).subarray(0, written).toString()
}
