/** A receipt of an erasure: a signed document that its player keeps. It counts what was held and names nobody. */
import { z } from 'zod'
import { DeletionStepName } from './deletion.ts'
import { DeletionRequestId, GameKey, Instant } from './ids.ts'

const count = z.int().nonnegative()

/** What the relay held when the erasure began, before anything went. */
export const HeldThen = z.object({
  countedAt: Instant,
  /** Anonymous, mailed and verified selves that were this one player. */
  selves: count,
  tickets: count,
  /** From either side. */
  messages: count,
  files: count,
  /** Of those files, in bytes. */
  fileBytes: count,
  /** Tickets at the vendor that were known to be the player's. */
  vendorTickets: count,
})

/** What became of each vendor ticket, of each message that may have become one without an answer, and of files on none. */
export const AtVendor = z.object({
  /** Erased, by the answer of the vendor's own call. */
  erased: count,
  /** Named to the studio, which was asked to erase them. */
  studioAsked: count,
  /** The marks that the tickets bear by which the studio was asked. */
  studioTickets: z.array(z.string()),
  /** Neither could be done: whoever runs the relay was told which. */
  operatorTold: count,
})

export const ReceiptStep = z.object({
  name: DeletionStepName,
  at: Instant,
  /** Whose word it is. That the studio was asked is the relay's word; what the studio did then, no receipt can say. */
  word: z.enum(['player', 'relay', 'vendor']),
})

/** What is signed. */
export const ErasureReceipt = z.object({
  /** The relay's address; its keys are at `/.well-known/jwks.json` there. */
  issuer: z.string(),
  request: DeletionRequestId,
  game: z.object({ key: GameKey, name: z.string().optional() }),
  /** HMAC-SHA-256, by a key of the relay's own, 64 hex digits: says who it was only to a relay that is told the name. */
  player: z.string().regex(/^[0-9a-f]{64}$/),
  requestedAt: Instant,
  doneAt: Instant,
  /** Missing where the erasure began before receipts were written. */
  held: HeldThen.optional(),
  /** Missing as `held` is. */
  atVendor: AtVendor.optional(),
  steps: z.array(ReceiptStep),
})

/**
 * A JWS in its flattened JSON form (RFC 7515 7.2.2), EdDSA over Ed25519: `payload` is what is signed, and `receipt` the
 * same for people to read. A verifier that knows nothing of `receipt` passes over it, as that RFC says.
 */
export const SignedReceipt = z.object({
  receipt: ErasureReceipt,
  /** base64url of the receipt's JSON. */
  payload: z.string(),
  /** base64url of `{alg, kid, typ}`. */
  protected: z.string(),
  signature: z.string(),
})

export type HeldThen = z.infer<typeof HeldThen>
export type AtVendor = z.infer<typeof AtVendor>
export type ReceiptStep = z.infer<typeof ReceiptStep>
export type ErasureReceipt = z.infer<typeof ErasureReceipt>
export type SignedReceipt = z.infer<typeof SignedReceipt>
