/** Every unguessable thing the relay makes. */
import { randomBytes, randomInt } from 'node:crypto'

/** 128 random bits as 22 characters of base64url: the ids of the player API. */
export function randomId(): string {
  return randomBytes(16).toString('base64url')
}

/** Crockford's base32 without the letters that read as digits or spell words. */
const readable = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `length` characters that survive being read out over a phone. */
export function randomReference(length: number): string {
  return Array.from({ length }, () => readable[randomInt(readable.length)]).join('')
}
