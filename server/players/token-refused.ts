/** The one error this room throws at a bearer: a stable code, and words that name a cause but never a value. */
import type { TokenProblemCode } from '../contract/problem-code.ts'

/** `session_ended` is for tokens of the relay's own that were signed out. */
export type RefusalCode = TokenProblemCode | 'session_ended'

/**
 * Why a bearer was not believed. `reason` is one of a fixed set of sentences, written for the studio's developer: safe to
 * log and to send as a problem's `detail`, because nothing of the token is ever in it.
 */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly code: RefusalCode
  readonly reason: string

  constructor(code: RefusalCode, reason: string) {
    super(`${code}: ${reason}`)
    this.code = code
    this.reason = reason
  }
}
