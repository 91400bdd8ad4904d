/** Solves a challenge as a browser would, one number after the other. */
import { createHash } from 'node:crypto'
import type { Challenge } from '../../../server/contract/proof.ts'

export function solve({ algorithm, challenge, salt, signature, maxNumber }: Challenge): string {
  for (let number = 0; number <= maxNumber; number += 1)
    if (sha256(`${salt}${number}`) === challenge) return encode({ algorithm, challenge, number, salt, signature })
  throw new Error('there is no solution')
}

export function encode(solution: unknown): string {
  return Buffer.from(JSON.stringify(solution)).toString('base64')
}

export function decode(proof: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(proof, 'base64').toString())
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
