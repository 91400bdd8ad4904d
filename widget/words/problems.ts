/** From the relay's codes to what a player is told. */
import type { DeliveryProblemCode } from '../../server/contract/problem-code.ts'
import type { FailureCode } from '../handle.ts'
import type { Words } from './en.ts'

/** Which sentence a refusal is told with: players need the consequence, engineers get the code. */
export const sentenceOf: Record<FailureCode | DeliveryProblemCode, keyof Words['problems'] | undefined> = {
  offline: undefined,
  not_an_answer: 'strange',
  internal: undefined,
  store_unavailable: undefined,
  overloaded: undefined,
  rate_limited: 'busy',
  idempotency_key_in_use: 'busy',
  session_ended: 'ended',
  sign_in_failed: 'signIn',
  token_missing: 'ended',
  token_expired: 'ended',
  token_malformed: 'refused',
  token_not_yet_valid: 'refused',
  token_bad_signature: 'refused',
  token_wrong_audience: 'refused',
  token_wrong_issuer: 'refused',
  token_missing_claim: 'refused',
  token_too_long_lived: 'refused',
  not_found: 'gone',
  ticket_closed: 'closed',
  erasure_under_way: 'erasing',
  storage_full: 'noRoom',
  too_large: 'tooLarge',
  type_not_allowed: 'type',
  invalid: 'invalid',
  invalid_json: 'invalid',
  idempotency_key_missing: 'invalid',
  idempotency_key_reused: 'invalid',
  unsupported: 'unsupported',
  origin_not_allowed: 'origin',
  host_not_allowed: 'origin',
  vendor_refused: 'studio',
  vendor_misconfigured: 'studio',
  vendor_unreachable: 'studio',
  vendor_failed: 'studio',
}
