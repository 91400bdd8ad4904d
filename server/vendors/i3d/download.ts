/** Turns i3D.net's way of handing out a file, base64 inside a JSON string, into bytes without holding the file in memory. */
import { VendorError } from '../vendor.ts'

/**
 * Decodes `"<base64>"`, bare or wrapped in the array i3D.net puts around every answer.
 *
 * @throws VendorError `unexpected`, as an error of the stream, when the answer is anything else or ends early
 */
export function decodeFile(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = createBase64Reader()
  const decoder = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => enqueue(controller, reader.push(Buffer.from(chunk).toString('latin1'))),
    flush: (controller) => enqueue(controller, reader.end()),
  })
  return body.pipeThrough(decoder)
}

function enqueue(controller: TransformStreamDefaultController<Uint8Array>, bytes: Uint8Array): void {
  if (bytes.length > 0) controller.enqueue(bytes)
}

function createBase64Reader() {
  let place: 'before' | 'inside' | 'after' = 'before'
  /** The last characters seen, while they do not yet make three whole bytes. */
  let carry = ''
  /** Padding has been read, so nothing may follow. */
  let padded = false

  function between(text: string): string {
    if (place === 'before') return entering(text)
    if (place === 'after') return leaving(text)
    // Base64 holds no quote, so the first one ends the string.
    const quote = text.indexOf('"')
    if (quote < 0) return text
    place = 'after'
    return text.slice(0, quote) + leaving(text.slice(quote + 1))
  }

  function entering(text: string): string {
    const start = text.search(/[^\s[]/)
    if (start < 0) return ''
    if (text[start] !== '"') throw notAFile('is not a JSON string')
    place = 'inside'
    return between(text.slice(start + 1))
  }

  function decode(base64: string): Uint8Array {
    if (base64 === '') return Buffer.alloc(0)
    if (padded || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw notAFile('is not base64')
    padded = base64.endsWith('=')
    return Buffer.from(base64, 'base64')
  }

  return {
    push(text: string): Uint8Array {
      const known = unescapeJson(carry + between(text))
      const whole = known.length - Number(known.endsWith('\\'))
      const usable = whole - (whole % 4)
      carry = known.slice(usable)
      return decode(known.slice(0, usable))
    },
    end(): Uint8Array {
      if (place !== 'after') throw notAFile('ends early')
      return decode(carry)
    },
  }
}

function leaving(text: string): string {
  if (!/^[\s\]]*$/.test(text)) throw notAFile('goes on after its string')
  return ''
}

/** JSON may write `/` as `\/`, and base64 may be broken into lines. An escape cut in two waits for its other half. */
function unescapeJson(text: string): string {
  return text.replaceAll('\\/', '/').replaceAll(/\\[rn]/g, '')
}

function notAFile(why: string): VendorError {
  return new VendorError('unexpected', `i3D.net: the answer to an attachment download ${why}`)
}
