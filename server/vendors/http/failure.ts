/** From what went wrong on the wire to the one error a vendor throws, with nothing in it that must not be logged. */
import { VendorError, type VendorErrorCode } from '../vendor.ts'

export interface FailureDetail {
  status?: number | undefined
  retryAfterMs?: number | undefined
  cause?: Error | undefined
  mayHaveActed?: boolean | undefined
}

export type Fail = (code: VendorErrorCode, call: string, why: string, detail?: FailureDetail) => VendorError

export function failuresOf(vendor: string, secrets: readonly string[] = []): Fail {
  const hidden = secrets.filter((secret) => secret.length > 0)
  return (code, call, why, detail = {}) => {
    const message = hidden.reduce((text, secret) => text.replaceAll(secret, '…'), `${vendor} ${call}: ${why}`)
    return new VendorError(code, message, detail)
  }
}

const codesByStatus: Record<number, VendorErrorCode> = {
  401: 'misconfigured',
  403: 'misconfigured',
  404: 'missing',
  408: 'unreachable',
  410: 'missing',
  429: 'busy',
}

/** A 4xx is an answer to the request itself: it was not carried out, or will not be. Behind any other something may have been. */
export function mayHaveActed(status: number): boolean {
  return status < 400 || status >= 500
}

/** Codes of a connection that never came to be: nothing was sent over it. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|.*_CERT.*|CERT_.*)$/

/** Whether a request that got no answer surely never left. */
export function surelyNeverSent(cause: Error): boolean {
  return neverSent.test(cause.message)
}

export function codeOfStatus(status: number): VendorErrorCode {
  if (status >= 500) return 'unreachable'
  if (status < 400) return 'unexpected'
  return codesByStatus[status] ?? 'refused'
}

/**
 * What may be kept of a network error: its code. Its message can quote an address with a signature in it, and the
 * client's own error holds the request, headers and all.
 */
export function causeOf(error: unknown): Error {
  return new Error(systemCode(error) ?? (error instanceof Error ? error.name : 'unknown'))
}

function systemCode(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const code = 'code' in one ? one.code : undefined
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code
  }
  return undefined
}

const maxRetryAfterMs = 24 * 60 * 60 * 1000

/** `Retry-After`, as seconds or as a date; never negative and at most a day, whatever the vendor says. */
export function retryAfterMsOf(headers: Headers, now: Date): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}
