/** A challenge whose answer is known, made as the contract has it. */
import type { Challenge } from '../../server/contract/proof.ts'

export async function challengeFor(counter: number): Promise<{ challenge: Challenge; derivedKey: string }> {
  const nonce = '000102030405060708090a0b0c0d0e0f'
  const salt = 'f0e0d0c0b0a090807060504030201000'
  const password = hexToBytes(nonce + counter.toString(16).padStart(8, '0'))
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
  const work = { name: 'PBKDF2', hash: 'SHA-256', salt: hexToBytes(salt), iterations: 10 }
  const bytes = new Uint8Array(await crypto.subtle.deriveBits(work, key, 256))
  const derivedKey = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const keyPrefix = derivedKey.slice(0, 32)
  const parameters = { algorithm: 'PBKDF2/SHA-256', cost: 10, keyLength: 32, keyPrefix, nonce, salt } as const
  return {
    challenge: { parameters: { ...parameters, expiresAt: 2_000_000_000 }, signature: 'ab'.repeat(32) },
    derivedKey,
  }
}

export function opened(proof: string | undefined): unknown {
  return JSON.parse(atob(proof ?? ''))
}

function hexToBytes(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number(`0x${hex.slice(at * 2, at * 2 + 2)}`)
  return bytes
}
