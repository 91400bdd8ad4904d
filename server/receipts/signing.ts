/** Signs receipts. The keys come from the relay's secrets, so that all relays of one ledger sign with the same. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, FlattenedSign, type JSONWebKeySet, type JWK } from 'jose'
import { ErasureReceipt, type SignedReceipt } from '../contract/receipt.ts'
import { deriveKeys, type RelaySecrets } from '../runtime/derived-keys.ts'

/** Keeps a receipt from ever being taken for a token, and the other way round (RFC 8725 3.11). */
export const receiptType = 'medkit-receipt+json'
export const receiptAlgorithm = 'EdDSA'

export interface ReceiptSigner {
  /** The public keys of all secrets, newest first: what is published. */
  keySet: JSONWebKeySet
  /** The same receipt always gets the same signature while the newest secret is the same. */
  sign: (receipt: ErasureReceipt) => Promise<SignedReceipt>
}

/** @param secrets - the relay's own, 32 bytes or more each. @throws RangeError when one is shorter */
export async function createReceiptSigner(secrets: RelaySecrets): Promise<ReceiptSigner> {
  const [newest, ...older] = deriveKeys(secrets, 'receipt signature')
  const key = privateKey(newest)
  const keys = await Promise.all([key, ...older.map(privateKey)].map(published))
  const header = { alg: receiptAlgorithm, typ: receiptType, ...(keys[0]?.kid ? { kid: keys[0].kid } : {}) }
  return {
    keySet: { keys },
    async sign(statement) {
      // In the order of the contract, which is the one in which the answer is written.
      const receipt = ErasureReceipt.parse(statement)
      const signing = new FlattenedSign(Buffer.from(JSON.stringify(receipt))).setProtectedHeader(header)
      const { payload, protected: signedHeader = '', signature } = await signing.sign(key)
      return { receipt, payload, protected: signedHeader, signature }
    },
  }
}

/** RFC 8410 7: what stands before the 32 bytes of an Ed25519 key in its PKCS #8 form. */
const pkcs8Start = Buffer.from('302e020100300506032b657004220420', 'hex')

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Start, seed]), format: 'der', type: 'pkcs8' })
}

/** Named by its thumbprint (RFC 7638). */
async function published(key: KeyObject): Promise<JWK> {
  const jwk: JWK = createPublicKey(key).export({ format: 'jwk' })
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: receiptAlgorithm }
}
