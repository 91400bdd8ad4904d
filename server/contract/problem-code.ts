/** Every reason the relay can give for a refusal. Imports no zod: these types come with the widget from npm, and need no package. */

/** Why a bearer was refused. Each has its own line in `medkit token inspect`. */
export const tokenProblemCodes = [
  'token_missing',
  'token_malformed',
  'token_expired',
  'token_not_yet_valid',
  'token_bad_signature',
  'token_wrong_audience',
  'token_wrong_issuer',
  'token_missing_claim',
  'token_too_long_lived',
] as const

export const problemCodes = [
  ...tokenProblemCodes,
  'invalid_json',
  'idempotency_key_missing',
  'session_ended',
  // All that a page which is none of the game's can read; it is told so whatever it asks.
  'origin_not_allowed',
  'host_not_allowed',
  'not_found',
  'idempotency_key_in_use',
  'ticket_closed',
  'erasure_under_way',
  'too_large',
  'type_not_allowed',
  'invalid',
  'idempotency_key_reused',
  'unsupported',
  'rate_limited',
  'internal',
  'store_unavailable',
  'storage_full',
  'overloaded',
] as const

/**
 * Why a message that the relay has safe could not reach the vendor. `vendor_failed`: the vendor takes others and has failed
 * on this one again and again.
 */
export const deliveryProblemCodes = [
  'vendor_refused',
  'vendor_misconfigured',
  'vendor_unreachable',
  'vendor_failed',
] as const

export type TokenProblemCode = (typeof tokenProblemCodes)[number]
export type ProblemCode = (typeof problemCodes)[number]
export type DeliveryProblemCode = (typeof deliveryProblemCodes)[number]
