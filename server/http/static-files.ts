/** The built widget and its pages, read once and kept in memory, compressed once. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { hasAlready } from './etag.ts'

export interface BrowserFile {
  bytes: Uint8Array<ArrayBuffer>
  /** Compressed when it is first asked for, and once. */
  encoded: (encoding: Encoding) => Uint8Array<ArrayBuffer>
  type: string
  etag: string
  /** Its name changes with its content, so it can be kept for ever. */
  isHashed: boolean
}

const encodings = ['br', 'gzip'] as const
type Encoding = (typeof encodings)[number]

/** By path, e.g. `/medkit.js`. */
export type BrowserFiles = ReadonlyMap<string, BrowserFile>

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** @param folder - what the build wrote */
export function readBrowserFiles(folder: string): BrowserFiles {
  // Without a build the relay still serves the player API; the pages say what is missing.
  if (!existsSync(folder)) return new Map()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(folder.length).replaceAll('\\', '/'), browserFile(entry.name, readFileSync(path))]
    }),
  )
}

function browserFile(name: string, content: Buffer): BrowserFile {
  return {
    bytes: new Uint8Array(content),
    encoded: compressedOnce(content),
    type: types[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    isHashed: /-[\w-]{6}\.\w+$/.test(name),
  }
}

function compressedOnce(content: Buffer): BrowserFile['encoded'] {
  const known: Partial<Record<Encoding, Uint8Array<ArrayBuffer>>> = {}
  return (encoding) => {
    const compressed = known[encoding] ?? new Uint8Array(compress[encoding](content))
    known[encoding] = compressed
    return compressed
  }
}

const compress: Record<Encoding, (content: Buffer) => Buffer> = {
  br: (content) => brotliCompressSync(content),
  gzip: (content) => gzipSync(content, { level: 9 }),
}

/** The file as the request can best have it. */
export function serveFile(file: BrowserFile, request: Request, extra: Record<string, string> = {}): Response {
  const headers: Record<string, string> = {
    'content-type': file.type,
    'cache-control': file.isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
    etag: file.etag,
    vary: 'Accept-Encoding',
    ...extra,
  }
  if (hasAlready(request, file.etag)) return new Response(null, { status: 304, headers })
  const accepted = request.headers.get('accept-encoding') ?? ''
  const encoding = encodings.find((name) => new RegExp(`\\b${name}\\b`).test(accepted))
  if (!encoding) return new Response(file.bytes, { headers })
  return new Response(file.encoded(encoding), { headers: { ...headers, 'content-encoding': encoding } })
}
