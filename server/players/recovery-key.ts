/** The key that gives an anonymous player their history back: shown once, written on paper, kept only as a hash. */
import { createHash, randomBytes } from 'node:crypto'

/** Seven groups of four characters, e.g. `7K2M-…`. Only {@link makeRecoveryKey} and {@link normaliseRecoveryKey} make one. */
export type RecoveryKey = string & { readonly __brand: 'RecoveryKey' }

/** Crockford's base32: no I, L, O or U, so nothing to misread. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const length = 28

/** 140 random bits: 256 is a multiple of 32, so five bits of each byte are as random as the byte. */
export function makeRecoveryKey(): RecoveryKey {
  const characters = Array.from(randomBytes(length), (byte) => alphabet.charAt(byte & 31))
  return group(characters.join(''))
}

/**
 * Reads a key as a person types or copies it: any case, any spaces and dashes, marks that cannot be seen, `O` for 0, `I` and
 * `L` for 1, full-width letters, the digits of an Arabic keyboard.
 *
 * @returns `undefined` when it cannot be a key
 */
export function normaliseRecoveryKey(text: string): RecoveryKey | undefined {
  const characters = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}\p{Cf}\u2212_.]/gu, '')
    // Both rows begin at a multiple of 16.
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15))
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  const wellFormed = characters.length === length && [...characters].every((character) => alphabet.includes(character))
  return wellFormed ? group(characters) : undefined
}

/** SHA-256 in hex. A slow hash would add nothing: 140 random bits cannot be guessed. */
export function hashRecoveryKey(key: RecoveryKey): string {
  return createHash('sha256').update(`medkit recovery key ${key}`).digest('hex')
}

function group(characters: string): RecoveryKey {
  return (characters.match(/.{4}/g) ?? []).join('-') as RecoveryKey
}
