/** Solves a challenge of the relay's: a second of computing for one player, a wall for ten thousand of them from a script. */
import type { Challenge } from '../../server/contract/proof.ts'

/** So many at a time that the promises do not cost more than the hashing, and so few that the page stays awake. */
const batch = 256

/** @returns what `NewTicket.proof` takes; undefined where the browser does not hash, on a page without https. */
export async function solve({
  algorithm,
  challenge,
  salt,
  signature,
  maxNumber,
}: Challenge): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined
  for (let first = 0; first <= maxNumber; first += batch) {
    const numbers = Array.from({ length: Math.min(batch, maxNumber + 1 - first) }, (_, index) => first + index)
    const hashes = await Promise.all(numbers.map((number) => hash(`${salt}${number}`)))
    const found = hashes.indexOf(challenge)
    if (found >= 0) return btoa(JSON.stringify({ algorithm, challenge, number: first + found, salt, signature }))
  }
  return undefined
}

async function hash(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
