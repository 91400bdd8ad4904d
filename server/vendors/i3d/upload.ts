/** A file as `multipart/form-data`, streamed: `FormData` would want all of it in memory first. */
import type { VendorFile } from '../vendor.ts'

export interface Multipart {
  headers: Record<string, string>
  body: ReadableStream<Uint8Array>
}

/** One part named `field`. The length is said beforehand, for servers that take no chunks. */
export async function multipartOf(field: string, file: VendorFile): Promise<Multipart> {
  const boundary = `medkit-${crypto.randomUUID()}`
  const head = Buffer.from(headOf(boundary, field, file))
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + file.fileSize + tail.length),
    },
    body: joined(head, await file.read(), tail),
  }
}

function joined(head: Uint8Array, file: ReadableStream<Uint8Array>, tail: Uint8Array): ReadableStream<Uint8Array> {
  return ReadableStream.from(
    (async function* () {
      yield head
      yield* file
      yield tail
    })(),
  )
}

function headOf(boundary: string, field: string, file: VendorFile): string {
  return [
    `--${boundary}`,
    `content-disposition: form-data; name="${field}"; filename="${quoted(file.fileName)}"`,
    `content-type: ${/^[\w.+-]+\/[\w.+-]+$/.test(file.fileType) ? file.fileType : 'application/octet-stream'}`,
    '\r\n',
  ].join('\r\n')
}

/** As the HTML standard escapes a file name, so that none ends its header or begins another. */
function quoted(fileName: string): string {
  return fileName.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
