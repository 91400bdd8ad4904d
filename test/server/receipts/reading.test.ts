/** A receipt proves what it says to whoever has the relay's public keys, and nothing once one byte of it is another. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { FlattenedSign, flattenedVerify, importJWK } from 'jose'
import { expect, it } from 'vitest'
import { readReceipt } from '../../../server/receipts/reading.ts'
import { deriveKey } from '../../../server/runtime/derived-keys.ts'
import { fileOf, freshSecret, keySetOf, sample, secret, signedBy } from '../../fixtures/sample-receipts.ts'

const read = async (file: Uint8Array, ...secrets: Parameters<typeof keySetOf>) =>
  readReceipt(file, await keySetOf(...secrets))

it('is read whole, and named by the key that signed it', async () => {
  const { keys } = await keySetOf(secret)
  expect(await read(fileOf(await signedBy(secret)), secret)).toEqual({ receipt: sample, keyId: keys[0]?.kid })
})

it('is one byte off anywhere, and proves nothing', async () => {
  const file = fileOf(await signedBy(secret))
  const keySet = await keySetOf(secret)
  const believed: number[] = []
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file)
    changed.writeUInt8(file.readUInt8(at) ^ (1 << (at % 8)), at)
    if (!('refused' in (await readReceipt(changed, keySet)))) believed.push(at)
  }
  expect(believed).toEqual([])
})

it('is refused with a spare bit of its signature set, though it would decode alike', async () => {
  const signed = await signedBy(secret)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signed.signature.at(-1) ?? '')
  const signature = `${signed.signature.slice(0, -1)}${alphabet[last + 1]}`
  expect(Buffer.from(signature, 'base64url')).toEqual(Buffer.from(signed.signature, 'base64url'))
  expect(await read(fileOf({ ...signed, signature }), secret)).toHaveProperty('refused')
})

it.each([
  ['says more than was signed', (receipt: typeof sample) => ({ ...receipt, note: 'all of it' })],
  ['says more deep inside', (receipt: typeof sample) => ({ ...receipt, held: { ...receipt.held, letters: 9 } })],
  ['says less', ({ held, ...receipt }: typeof sample) => receipt],
  ['says something else', (receipt: typeof sample) => ({ ...receipt, doneAt: receipt.requestedAt })],
])('is refused where its readable part %s', async (_, change) => {
  const signed = await signedBy(secret)
  expect(await read(fileOf({ ...signed, receipt: change(signed.receipt) }), secret)).toEqual({
    refused: 'its readable part is not what was signed',
  })
})

it('is refused with a member that nobody signed, or one that stands there twice', async () => {
  const signed = await signedBy(secret)
  expect(await read(fileOf({ ...signed, note: 'believe me' }), secret)).toHaveProperty('refused')
  const twice = fileOf(signed).toString().replace('{', '{"receipt":{"held":"nothing"},')
  expect(JSON.parse(twice)).toEqual(signed)
  expect(await read(Buffer.from(twice), secret)).toHaveProperty('refused')
})

it.each(['', '{}', '[]', 'null', 'no JSON', '\ufeff{}'])('is not to be had from %j', async (text) => {
  expect(await read(Buffer.from(text), secret)).toEqual({ refused: 'this is not a receipt, or not a whole one' })
})

it('is good for as long as its secret is in the list, whichever signs now', async () => {
  const before = fileOf(await signedBy(secret))
  const after = fileOf(await signedBy(freshSecret, secret))
  for (const file of [before, after]) expect(await read(file, freshSecret, secret)).toMatchObject({ receipt: sample })
  expect(await read(after, freshSecret)).toMatchObject({ receipt: sample })
  expect(await read(before, freshSecret)).toHaveProperty('refused')
  expect(await read(before, Buffer.alloc(32, 'of another relay'))).toHaveProperty('refused')
})

it('is the same to the byte on every relay with that secret', async () => {
  expect(await signedBy(secret)).toEqual(await signedBy(secret, freshSecret))
})

it('is not taken from the words of anything else that bears the signature of its key', async () => {
  const { keys } = await keySetOf(secret)
  const sign = (typ: string) =>
    new FlattenedSign(Buffer.from(JSON.stringify(sample)))
      .setProtectedHeader({ alg: 'EdDSA', typ, ...(keys[0]?.kid ? { kid: keys[0].kid } : {}) })
      .sign(signingKey())
  expect(await read(fileOf({ receipt: sample, ...(await sign('medkit-receipt+json')) }), secret)).toHaveProperty(
    'receipt',
  )
  expect(await read(fileOf({ receipt: sample, ...(await sign('JWT')) }), secret)).toEqual({
    refused: 'what was signed is not a receipt',
  })
})

it('is checked by any library that knows JWS, and by Ed25519 alone', async () => {
  const signed = await signedBy(secret)
  const [jwk = {}] = (await keySetOf(secret)).keys
  const { payload } = await flattenedVerify(signed, await importJWK(jwk, 'EdDSA'))
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual(sample)
  const text = Buffer.from(`${signed.protected}.${signed.payload}`)
  expect(
    verify(null, text, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signed.signature, 'base64url')),
  ).toBe(true)
})

it('comes with public keys only', async () => {
  for (const key of (await keySetOf(secret, freshSecret)).keys)
    expect(key).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: expect.any(String),
      kid: expect.any(String),
      use: 'sig',
      alg: 'EdDSA',
    })
})

/** The relay's own private key, as whoever had its secret would make it. */
function signingKey() {
  const start = Buffer.from('302e020100300506032b657004220420', 'hex')
  const der = Buffer.concat([start, deriveKey(secret, 'receipt signature')])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
