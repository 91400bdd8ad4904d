/**
 * The keys by which players get their names: at vendors (pseudonyms), in receipts and, where they sign in by mail, with us. Whoever
 * changes them makes strangers of everybody, so they do not change with the secret: the ledger keeps them.
 */

import { deriveKey, type RelaySecrets } from '../runtime/derived-keys.ts'
import type { Store } from '../store/store.ts'

export interface NameKeys {
  pseudonym: Uint8Array
  mailbox: Uint8Array
  /** In receipts of erasures. */
  receipt: Uint8Array
  /** Of the tags that agents know the relay's notes by: what is sent again is the same to the letter. */
  note: Uint8Array
}

/**
 * The first time they come from the oldest secret: that is the one by which a ledger from before this has named its
 * players, and a ledger that is lost gets the same names again.
 */
export async function keptNameKeys({ facts }: Pick<Store, 'facts'>, secrets: RelaySecrets): Promise<NameKeys> {
  const oldest = secrets.at(-1) ?? secrets[0]

  async function keyFor(purpose: keyof NameKeys): Promise<Uint8Array> {
    const make = () => Buffer.from(deriveKey(oldest, purpose)).toString('base64url')
    return Buffer.from(await facts.keep(`${purpose} key`, make), 'base64url')
  }
  return {
    pseudonym: await keyFor('pseudonym'),
    mailbox: await keyFor('mailbox'),
    receipt: await keyFor('receipt'),
    note: await keyFor('note'),
  }
}
