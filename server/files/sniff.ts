/** What the first bytes of a file give away where no magic number does: plain text, or text that somebody would run. */

/**
 * Beginnings that make a browser read text as a page (the table of https://mimesniff.spec.whatwg.org, section 7.1) or a
 * shell run it. A chat log that begins `<Name> hello` is not among them.
 */
const activeStart =
  /^\s*(?:<!--|<\?xml|#!|%!ps|<(?:!doctype|head|h1|div|font|table|a|style|title|b|body|br|p)(?=[\s>]))/i

/** Tags that run or load wherever they stand. What logs are full of (`<color=red>`, `List<Object>`) is not among them. */
const activeAnywhere = /<(?:script|svg|html|iframe)(?=[\s>/])|<!doctype\s|<\?php/i

/** Whether bytes of any kind hold markup that would run if something read them as a page: the mark of a polyglot. */
export function hasMarkup(head: Uint8Array): boolean {
  return activeAnywhere.test(latin1(head)) || activeAnywhere.test(latin1(head.filter((byte) => byte !== 0)))
}

/**
 * Plain text: decodes as what it says it is, without NUL or control characters, and begins with nothing active.
 *
 * @param complete - whether `head` is the whole file; otherwise a character may be cut at its end
 */
export function isPlainText(head: Uint8Array, complete: boolean): boolean {
  const text = decode(head, complete)
  if (text === undefined || text.trim() === '') return false
  // Tab, line ends, form feed and escape (coloured logs) are what text files have.
  const rest = text.replaceAll('\u001b', '').replace(/[\t\n\r\f\u0085]/g, '')
  return !/\p{Cc}/u.test(rest) && !activeStart.test(text) && !activeAnywhere.test(text)
}

/** UTF-8, or UTF-16 by its mark; undefined when it is neither. */
function decode(head: Uint8Array, complete: boolean): string | undefined {
  const [first, second] = head
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(head, { stream: !complete })
  } catch {
    return undefined
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
