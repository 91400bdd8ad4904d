/** Tokens as the studio and the relay give them out: unsigned, because only the relay looks at signatures. */
import type { Person } from './marks.ts'

let made = 0

/** @param expiresAt ms */
export function tokenFor(person: Person, expiresAt: number): string {
  made += 1
  const claims = { sub: person, exp: Math.floor(expiresAt / 1000), jti: String(made), name: `Player ${person}` }
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
}

/** @returns `expiresAt` in ms */
export function readToken(token: string): { person: Person; expiresAt: number } | undefined {
  try {
    const { sub, exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return { person: String(sub), expiresAt: Number(exp) * 1000 }
  } catch {
    return undefined
  }
}
