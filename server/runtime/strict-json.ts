/**
 * JSON as a security document needs it: UTF-8 or nothing, an object or nothing, and no member twice. RFC 8725 2.4 and
 * 3.7: two parsers that disagree on which of two `sub`s counts are two different players.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @returns `undefined` for anything but one well-formed object without repeated members at any depth. */
export function parseStrictObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    return isObject(value) && !repeatsMember(text) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Walks text that `JSON.parse` has already accepted, so it need only tell strings from structure. */
function repeatsMember(text: string): boolean {
  const members: Set<string>[] = []
  let lastString = ''
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === '{') members.push(new Set())
    else if (token === '}') members.pop()
    else if (token !== ':') lastString = token
    else if (!addMember(members.at(-1), lastString)) return true
  }
  return false
}

/** Compares names as parsed: `"\u0073ub"` is `sub`. */
function addMember(members: Set<string> | undefined, literal: string): boolean {
  const name: string = JSON.parse(literal)
  if (members?.has(name)) return false
  members?.add(name)
  return true
}
