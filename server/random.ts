/** Every unguessable thing the relay makes. */
import { randomBytes, randomInt } from 'node:crypto'

const idBytes = 16
/** Random bytes for the next ids: asking the system once for many costs a fraction of asking for each. */
let pool = Buffer.alloc(0)

/** 128 random bits as 22 characters of base64url: the ids of the player API. */
export function randomId(): string {
  if (pool.length < idBytes) pool = randomBytes(idBytes * 256)
  const id = pool.toString('base64url', 0, idBytes)
  pool = pool.subarray(idBytes)
  return id
}

/** Crockford's base32 without the letters that read as digits or spell words. */
const readable = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `length` characters that survive being read out over a phone. */
export function randomReference(length: number): string {
  return Array.from({ length }, () => readable[randomInt(readable.length)]).join('')
}
