/** A receipt as a relay would write it, and the keys of that relay. */
import type { ErasureReceipt, SignedReceipt } from '../../server/contract/receipt.ts'
import type { RelaySecrets } from '../../server/players/derive.ts'
import { createReceiptSigner } from '../../server/receipts/signing.ts'

export const secret = Buffer.alloc(32, 'the secret so far')
export const freshSecret = Buffer.alloc(32, 'the secret from now on')

export const sample: ErasureReceipt = {
  issuer: 'https://support.studio.example',
  request: 'AAAAAAAAAAAAAAAAAAAAAA' as ErasureReceipt['request'],
  game: { key: 'star-harbor', name: 'Star Harbor' },
  player: 'ab'.repeat(32),
  requestedAt: '2026-03-01T10:00:00.000Z',
  doneAt: '2026-03-02T10:00:07.000Z',
  held: {
    countedAt: '2026-03-02T10:00:00.000Z',
    selves: 2,
    tickets: 3,
    messages: 12,
    files: 1,
    fileBytes: 4_096,
    vendorTickets: 4,
  },
  atVendor: { erased: 3, studioAsked: 1, studioTickets: ['mk-del-AAAAAAAAAAAAAAAAAAAAAA'], operatorTold: 0 },
  steps: [
    { name: 'asked', at: '2026-03-01T10:00:00.000Z', word: 'player' },
    { name: 'vendor-asked', at: '2026-03-02T10:00:05.000Z', word: 'vendor' },
    { name: 'studio-asked', at: '2026-03-02T10:00:06.000Z', word: 'relay' },
    { name: 'relay-erased', at: '2026-03-02T10:00:07.000Z', word: 'relay' },
  ],
}

export async function signedBy(...secrets: RelaySecrets): Promise<SignedReceipt> {
  return (await createReceiptSigner(secrets)).sign(sample)
}

/** As the widget saves it. */
export function fileOf(receipt: unknown): Buffer {
  return Buffer.from(JSON.stringify(receipt, null, 2))
}

export async function keySetOf(...secrets: RelaySecrets) {
  return (await createReceiptSigner(secrets)).keySet
}
