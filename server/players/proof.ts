/**
 * Proof of work after ALTCHA: the relay signs a challenge and keeps nothing; what a browser found is checked with one hash
 * and spent once. It makes a flood of anonymous tickets cost something without asking a third party who is human.
 */
import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Challenge, Solution } from '../contract/proof.ts'
import { Refusal } from '../problem.ts'
import type { Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'
import { deriveKeys, type RelaySecrets } from './derive.ts'

export interface Proofs {
  challenge: (player: PlayerKey, maxNumber: number) => Challenge
  /**
   * Spends a proof. The same request may come again with the one it came with first.
   *
   * @throws Refusal `invalid` at `proof`: `missing`, `malformed`, `wrong`, `expired` or `used`
   */
  spend: (proof: string | undefined, request: { player: PlayerKey; idempotencyKey: string }) => Promise<void>
}

const lifetimeMs = 10 * 60_000
/**
 * The `&` closes the salt: without it, digits could move from the number into the expiry and nothing else would change
 * (CVE-2025-68113).
 */
const saltForm = /^[0-9a-f]{24}\?expires=(\d{10})&$/

/** @param secrets - the relay's own. Every relay that shares one takes the others' challenges */
export function createProofs(secrets: RelaySecrets, { store, clock }: { store: Store; clock: Clock }): Proofs {
  const keys = deriveKeys(secrets, 'proof of work')

  /** Over the player as well, so that nobody solves for others. */
  const sign = (challenge: string, player: PlayerKey, key: Uint8Array = keys[0]) =>
    createHmac('sha256', key).update(`${challenge} ${player}`).digest('hex')

  function check(solution: Solution, player: PlayerKey): Date {
    const [, expires] = saltForm.exec(solution.salt) ?? []
    if (expires === undefined) throw refused('malformed')
    const { challenge, signature } = solution
    const given = Buffer.from(signature)
    if (!keys.some((key) => timingSafeEqual(given, Buffer.from(sign(challenge, player, key))))) throw refused('wrong')
    if (hash(`${solution.salt}${solution.number}`) !== challenge) throw refused('wrong')
    const expiresAt = new Date(Number(expires) * 1_000)
    if (expiresAt <= clock.now()) throw refused('expired')
    return expiresAt
  }

  return {
    challenge(player, maxNumber) {
      const expires = Math.ceil((clock.now().getTime() + lifetimeMs) / 1_000)
      const salt = `${randomBytes(12).toString('hex')}?expires=${expires}&`
      const challenge = hash(`${salt}${randomInt(maxNumber + 1)}`)
      const signature = sign(challenge, player)
      const expiresAt = new Date(expires * 1_000).toISOString()
      return { algorithm: 'SHA-256', challenge, salt, signature, maxNumber, expiresAt }
    },

    async spend(proof, { player, idempotencyKey }) {
      if (proof === undefined) throw refused('missing')
      const solution = solutionOf(proof)
      const expires_at = check(solution, player).getTime()
      const { challenge } = solution
      const used_for = hash(`${player} ${idempotencyKey}`)
      if (!(await store.proofs.spend({ challenge, used_for, expires_at }))) throw refused('used')
    },
  }
}

function solutionOf(proof: string): Solution {
  try {
    return Solution.parse(JSON.parse(Buffer.from(proof, 'base64').toString()))
  } catch {
    throw refused('malformed')
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function refused(code: 'missing' | 'malformed' | 'wrong' | 'expired' | 'used'): Refusal {
  return new Refusal('invalid', { errors: [{ path: 'proof', code }] })
}
