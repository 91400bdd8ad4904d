/** Reads a receipt that somebody shows: whether it was signed so, to the last byte. Needs nothing but the keys. */
import { createLocalJWKSet, errors, type FlattenedJWSInput, flattenedVerify, type JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { ErasureReceipt, SignedReceipt } from '../contract/receipt.ts'
import { parseStrictObject } from '../runtime/strict-json.ts'
import { receiptAlgorithm, receiptType } from './signing.ts'

/** `receipt`: what was signed. `refused`: why it proves nothing, in plain words. */
export type ReadReceipt = { receipt: ErasureReceipt; keyId: string } | { refused: string }

/** The readable part is compared as it stands in the file, with whatever else may have been put into it. */
const Shape = SignedReceipt.extend({ receipt: z.unknown() }).strict()

/** @param keySet - of the relay that is said to have signed it. @throws TypeError where that is no key set */
export async function readReceipt(file: Uint8Array, keySet: JSONWebKeySet): Promise<ReadReceipt> {
  const keys = localKeys(keySet)
  const shape = Shape.safeParse(parseStrictObject(file))
  if (!shape.success) return { refused: 'this is not a receipt, or not a whole one' }
  const { receipt, ...jws } = shape.data
  // The last character has bits to spare, which a lenient decoder passes over.
  if (Buffer.from(jws.signature, 'base64url').toString('base64url') !== jws.signature) return { refused: forged }
  const signed = await verify(jws, keys)
  if ('refused' in signed) return signed
  // The readable part is not signed itself: it has to be the very text that is.
  if (JSON.stringify(receipt) !== signed.text) return { refused: 'its readable part is not what was signed' }
  const known = ErasureReceipt.safeParse(receipt)
  if (!known.success) return { refused: 'it is of a kind that this version cannot read' }
  return { receipt: known.data, keyId: signed.keyId }
}

const forged = 'it was changed, or not signed with any of these keys'

function localKeys(keySet: JSONWebKeySet) {
  try {
    return createLocalJWKSet(keySet)
  } catch (error) {
    throw new TypeError('not a set of keys', { cause: error })
  }
}

async function verify(
  jws: FlattenedJWSInput,
  keys: ReturnType<typeof createLocalJWKSet>,
): Promise<{ text: string; keyId: string } | { refused: string }> {
  try {
    const { payload, protectedHeader } = await flattenedVerify(jws, keys, { algorithms: [receiptAlgorithm] })
    if (protectedHeader?.typ !== receiptType) return { refused: 'what was signed is not a receipt' }
    return { text: Buffer.from(payload).toString(), keyId: protectedHeader.kid ?? '' }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { refused: forged }
    throw error
  }
}
