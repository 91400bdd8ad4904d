/** The smallest real files of each kind, made here byte by byte. */
import { crc32, deflateRawSync, deflateSync } from 'node:zlib'

type Bytes = Buffer<ArrayBuffer>

const text = (value: string): Bytes => Buffer.from(value)

function pngChunk(type: string, data: Uint8Array): Bytes {
  const body = Buffer.concat([text(type), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  return chunk
}

/** One pixel; `comment` goes into a text chunk, `tail` behind the end. */
export function png({ comment = '', tail = '' } = {}): Bytes {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('tEXt', text(`Comment\0${comment}`)),
    pngChunk('IDAT', deflateSync(Buffer.alloc(4))),
    pngChunk('IEND', Buffer.alloc(0)),
    text(tail),
  ])
}

/** Not to be shown, but with every marker a reader goes by. */
export function jpeg(comment = 'made for a test'): Bytes {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(comment.length + 2)
  const app0 = Buffer.from([0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    app0,
    Buffer.from([0xff, 0xfe]),
    length,
    text(comment),
    Buffer.from([0xff, 0xd9]),
  ])
}

export const gif = (tail = ''): Bytes =>
  Buffer.concat([text('GIF89a'), Buffer.from([1, 0, 1, 0, 0, 0, 0]), text(tail), text(';')])

export const bmp = (tail = ''): Bytes => Buffer.concat([text('BM'), Buffer.alloc(52), text(tail)])

/** An ISO media file: HEIC, MP4, QuickTime and AVIF differ in the brand they name first. */
export function isoMedia(brand: string): Bytes {
  const box = Buffer.alloc(24)
  box.writeUInt32BE(24)
  box.write(`ftyp${brand.padEnd(4)}`, 4, 'latin1')
  box.write(`${brand.padEnd(4)}mif1`, 16, 'latin1')
  return Buffer.concat([box, Buffer.alloc(64)])
}

export const pdf = (body = ''): Bytes => text(`%PDF-1.7\n1 0 obj\n<< /Type /Catalog ${body} >>\nendobj\n%%EOF\n`)

/** A zip archive of the given entries, deflated, with its table at the end. */
export function zip(entries: Record<string, Uint8Array | string>): Bytes {
  const locals: Bytes[] = []
  const central: Bytes[] = []
  let offset = 0
  for (const [name, content] of Object.entries(entries)) {
    const data = typeof content === 'string' ? text(content) : Buffer.from(content)
    const packed = deflateRawSync(data)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(data.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const where = Buffer.alloc(14)
    where.writeUInt32LE(offset, 10)
    const local = Buffer.concat([text('PK\x03\x04'), fields, text(name), packed])
    locals.push(local)
    central.push(Buffer.concat([text('PK\x01\x02'), Buffer.from([20, 0]), fields, where, text(name)]))
    offset += local.length
  }
  const table = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(table.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, table, end])
}

export const exe = (): Bytes => Buffer.concat([text('MZ\x90\0'), Buffer.alloc(60), text('PE\0\0'), Buffer.alloc(200)])
export const elf = (): Bytes => Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]), Buffer.alloc(64)])
export const wasm = (): Bytes => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
export const javaClass = (): Bytes =>
  Buffer.concat([Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]), Buffer.alloc(40)])
export const flash = (): Bytes => Buffer.concat([text('FWS\x0a'), Buffer.alloc(40)])
export const shortcut = (): Bytes =>
  Buffer.concat([
    Buffer.from([0x4c, 0, 0, 0, 1, 0x14, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]),
    Buffer.alloc(60),
  ])
export const utf16 = (value: string): Bytes => Buffer.from(`\ufeff${value}`, 'utf16le')
