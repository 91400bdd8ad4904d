/** One relay secret, many keys: each purpose gets its own by HKDF, so that no key ever stands in for another. */
import { hkdfSync } from 'node:crypto'

/** The least the relay accepts as a secret, in bytes. */
export const minSecretBytes = 32

/** The relay's secrets, newest first: it signs with the newest, and what an older one signed goes on being good. */
export type RelaySecrets = readonly [newest: Uint8Array, ...older: Uint8Array[]]

/** A key a secret, in their order. */
export type DerivedKeys = readonly [newest: Uint8Array, ...older: Uint8Array[]]

/** @throws RangeError when a secret is too short */
export function deriveKeys([newest, ...older]: RelaySecrets, purpose: string): DerivedKeys {
  return [deriveKey(newest, purpose), ...older.map((secret) => deriveKey(secret, purpose))]
}

/**
 * @param purpose - names the key; two purposes never share one
 * @returns 32 bytes
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  if (secret.byteLength < minSecretBytes)
    throw new RangeError(`the relay secret is shorter than ${minSecretBytes} bytes`)
  return new Uint8Array(hkdfSync('sha256', secret, 'medkit', purpose, 32))
}
