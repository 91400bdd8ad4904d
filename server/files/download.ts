/** How a file leaves the relay: always as a download, never as a page of ours. */

export interface DownloadDescription {
  fileName: string
  fileType: string
  /** Bytes; left out where a vendor does not say. */
  fileSize?: number | undefined
}

/**
 * A stored SVG or HTML opened on the relay's origin could read the player's or the agent's token. Hence attachment, no
 * sniffing, and a sandbox without scripts should a browser show it all the same. `Cross-Origin-Resource-Policy` is open
 * because the widget fetches from the game's own origin; what protects the bytes is the bearer or the signature.
 */
export function responseFor(body: ReadableStream<Uint8Array>, file: DownloadDescription): Response {
  const headers = new Headers({
    'Content-Type': safeType(file.fileType),
    'Content-Disposition': dispositionOf(file.fileName),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Cache-Control': 'private, no-store',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Referrer-Policy': 'no-referrer',
  })
  if (file.fileSize !== undefined) headers.set('Content-Length', String(file.fileSize))
  return new Response(body, { headers })
}

/** A type that is not plainly one, or that a browser would run, is served as bytes. */
function safeType(fileType: string): string {
  const plain = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/i.test(fileType)
  const active = /html|xml|svg|javascript|ecmascript|wasm|multipart|message/i.test(fileType)
  return plain && !active ? fileType : 'application/octet-stream'
}

/** RFC 6266: an ASCII name for old readers, and the real one by RFC 8187 for all others. */
export function dispositionOf(fileName: string): string {
  const whole = fileName.toWellFormed()
  const ascii = whole.replace(/[^\x20-\x7e]|["\\%/;]/g, '_').slice(0, 100) || 'file'
  // RFC 8187's attr-char leaves out ' ( ) * which encodeURIComponent lets through.
  const encoded = encodeURIComponent(whole).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
