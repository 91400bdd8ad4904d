/** Whose something is that lies in the browser: it is shown to nobody else, and goes out in nobody else's name. */

/**
 * The `sub` of whoever is here: a studio's own, or the relay's `anon:…` and `email:…`, which no studio may sign. Empty
 * for a verified player whose token has not come yet; undefined for nobody.
 */
export type Owner = string | undefined

/** While it is open who it is: nothing that lies here is theirs. */
export const undecided = 'email:?'

/** @param writer whoever it was when it was written */
export function isTheirs(writer: Owner, owner: Owner): boolean {
  if (writer === owner) return true
  // Their first act makes an anonymous player of nobody.
  if (writer === undefined) return owner?.startsWith('anon:') === true
  return writer === '' && owner !== undefined && !/^(anon|email):/.test(owner)
}

/** What a token says of itself. Only the relay knows whether it is true. */
export function claimsOf(token = ''): { exp?: number; sub?: string; name?: string } {
  try {
    const bytes = atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'))
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))))
  } catch {
    return {}
  }
}

export function subjectOf(token: string): string {
  return claimsOf(token).sub ?? ''
}

/** In the browser's milliseconds; a token that does not say lasts until the relay refuses it. */
export function expiryOf(token: string | undefined): number {
  const { exp } = claimsOf(token)
  return exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000
}
