/** Solves a challenge as its contract says, one counter after the other. */
import { pbkdf2Sync } from 'node:crypto'
import type { Challenge, ChallengeParameters } from '../../../server/contract/proof.ts'

export function solve(challenge: Challenge): string {
  for (let counter = 0; counter < 1_000_000; counter += 1) {
    const derivedKey = keyFor(challenge.parameters, counter)
    if (derivedKey.startsWith(challenge.parameters.keyPrefix))
      return encode({ challenge, solution: { counter, derivedKey } })
  }
  throw new Error('there is no solution')
}

export function keyFor({ cost, keyLength, nonce, salt }: Omit<ChallengeParameters, 'keyPrefix'>, counter: number) {
  const last = Buffer.alloc(4)
  last.writeUInt32BE(counter)
  const password = Buffer.concat([Buffer.from(nonce, 'hex'), last])
  return pbkdf2Sync(password, Buffer.from(salt, 'hex'), cost, keyLength, 'sha256').toString('hex')
}

export function encode(proof: unknown): string {
  return Buffer.from(JSON.stringify(proof)).toString('base64')
}

export function decode(proof: string): { challenge: Challenge; solution: { counter: number; derivedKey: string } } {
  return JSON.parse(Buffer.from(proof, 'base64').toString())
}
