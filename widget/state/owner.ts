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
export function claimsOf(token = ''): { iat?: number; exp?: number; sub?: string; name?: string } {
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

const minuteMs = 60_000

/**
 * When a token that has just come is to be renewed: with time enough for one slow request. Counted from when it came, as
 * the device's clock may be wrong.
 *
 * @param isAsked a function gave it: the next call is a minute away, at least, and not by all tabs at once, because the
 *   first one's is everybody's
 */
export function renewInMs(token: string, isAsked: boolean): number {
  const { iat, exp } = claimsOf(token)
  // One that does not say lasts until the relay refuses it.
  const lasts = iat && exp ? (exp - iat) / 60 : Number.POSITIVE_INFINITY
  const random = Math.random()
  return minuteMs * (isAsked ? Math.max(1 + random / 2, lasts - 1 - random) : Math.max(0, lasts - 1))
}
