/** Whether a client has the very thing already (RFC 9110 13.1.2). */
import { hash } from 'node:crypto'

/** Of whatever the thing is made from: the same again only while nothing of it has changed. */
export function tagOf(...parts: readonly (string | number | null)[]): string {
  return `"${hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)}"`
}

/** Compared weakly: a proxy that compresses what passes makes a tag of ours a weak one. */
export function hasAlready(request: Request, etag: string): boolean {
  const named = request.headers.get('if-none-match')
  if (named === etag) return true
  const tags = (named ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
