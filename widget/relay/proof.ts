/**
 * Solves a challenge of the relay's: about a second of computing for one player, and as much for each of ten thousand that a
 * script makes up. The browser has the work built in, and does it beside the page.
 */
import type { Challenge } from '../../server/contract/proof.ts'

/** Far more than the relay ever asks for. */
const mostTries = 2 ** 20

/** @returns what `proof` takes; undefined where the browser does not hash, on a page without https. */
export async function solve(challenge: Challenge): Promise<string | undefined> {
  const { subtle } = globalThis.crypto ?? {}
  if (!subtle) return undefined
  const { cost: iterations, keyLength, keyPrefix, nonce, salt } = challenge.parameters
  const password = new Uint8Array(20)
  password.set(bytesOf(nonce))
  const work = { name: 'PBKDF2', hash: 'SHA-256', salt: bytesOf(salt), iterations }
  for (let counter = 0; counter < mostTries; counter += 1) {
    new DataView(password.buffer).setUint32(16, counter)
    const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
    const derivedKey = hexOf(await subtle.deriveBits(work, key, keyLength * 8))
    if (derivedKey.startsWith(keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }))
  }
  return undefined
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
