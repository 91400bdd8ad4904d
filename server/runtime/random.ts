/** Every unguessable thing the relay makes. */
import { randomBytes } from 'node:crypto'

const idBytes = 16
/** Random bytes for what comes next: asking the system once for many costs a fraction of asking for each. */
let pool = Buffer.alloc(0)

/** As many as are asked for, up to 4,096. */
function take(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(4_096)
  const taken = pool.subarray(0, count)
  pool = pool.subarray(count)
  return taken
}

/** 128 random bits as 22 characters of base64url: the ids of the player API. */
export function randomId(): string {
  return take(idBytes).toString('base64url')
}

/**
 * The time in base 36 and a {@link randomId}, for what is written often: rows of one moment lie together, where random ids
 * would touch a page of every index for each.
 */
export function datedId(now: Date): string {
  return now.getTime().toString(36) + randomId()
}

/** Crockford's base32 without the letters that read as digits or spell words. */
const readable = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `length` characters that survive being read out over a phone. */
export function randomReference(length: number): string {
  let text = ''
  // Five bits name 32 letters and there are 30: drawing again keeps each as likely as the next.
  while (text.length < length) for (const byte of take(length - text.length)) text += readable[byte & 31] ?? ''
  return text
}
