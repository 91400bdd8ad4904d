/**
 * Proof of work after ALTCHA: the relay signs a challenge and keeps nothing; what a browser found is checked with one key
 * derivation and spent once. It makes a flood of anonymous sessions, tickets and files cost something without asking a
 * third party who is human.
 *
 * The work is PBKDF2 because browsers compute it natively. One SHA-256 a try cost a browser ten microseconds, nearly all of
 * them to hand the work over, and a program of the flood's a tenth of a microsecond; now both pay the same on the same machine.
 */
import { createHmac, pbkdf2, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { LiveGame } from '../config/games.ts'
import { type Challenge, type ChallengeParameters, Solved } from '../contract/proof.ts'
import type { Clock } from '../runtime/clock.ts'
import { deriveKeys, type RelaySecrets } from '../runtime/derived-keys.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'

/** Who is to solve, so that nobody does for others: a player's key, or {@link newcomerTo} a game. */
type Solver = string

export interface Proofs {
  /** @param seconds - of a phone of 2020, on average */
  challenge: (solver: Solver, seconds: number) => Promise<Challenge>
  /**
   * Spends a proof. The same `use` may come again with the one it came with first.
   *
   * @throws Refusal `invalid` at `proof`: `missing`, `malformed`, `wrong`, `expired` or `used`
   */
  spend: (proof: string | undefined, spending: { solver: Solver; use: string }) => Promise<void>
}

const lifetimeMs = 10 * 60_000
/** Iterations a try: half a millisecond of a server's to check, and in a browser little beside them goes to handing over. */
const cost = 3_000
/**
 * Of a phone of 2020: reckoned, between the one million of a cheap one and the three of a good one. A core of a server with
 * instructions for SHA does seven to eight million, in Chromium as natively; a Chromium there that is throttled four times one to
 * three, six times one to two (`npm run bench:proof`).
 */
export const iterationsASecond = 1_500_000
const derive = promisify(pbkdf2)

/** Solves as nobody yet. */
export const newcomerTo = (game: string): Solver => `newcomer to ${game}`

/** What the game asks of this player: those whom nobody vouches for are a device and nothing more. */
export function difficultyFor({ config }: LiveGame, { kind }: Pick<Identity, 'kind'>) {
  return kind === 'anonymous' && config.players.proofOfWork
}

/** @param secrets - the relay's own. Every relay that shares one takes the others' challenges */
export function createProofs(secrets: RelaySecrets, { store, clock }: { store: Store; clock: Clock }): Proofs {
  const keys = deriveKeys(secrets, 'proof of work')

  /** Over JSON, in which no digit can move from one value to the next (CVE-2025-68113). */
  const sign = (parameters: ChallengeParameters, solver: Solver, key: Uint8Array = keys[0]) =>
    createHmac('sha256', key)
      .update(JSON.stringify([inOrder(parameters), solver]))
      .digest('hex')

  async function check({ challenge, solution }: Solved, solver: Solver): Promise<Date> {
    const { parameters } = challenge
    const given = Buffer.from(challenge.signature)
    if (!keys.some((key) => timingSafeEqual(given, Buffer.from(sign(parameters, solver, key))))) throw refused('wrong')
    const expiresAt = new Date(parameters.expiresAt * 1_000)
    if (expiresAt <= clock.now()) throw refused('expired')
    const key = await keyOf(parameters, solution.counter)
    if (key !== solution.derivedKey || !key.startsWith(parameters.keyPrefix)) throw refused('wrong')
    return expiresAt
  }

  return {
    async challenge(solver, seconds) {
      const given = {
        algorithm: 'PBKDF2/SHA-256' as const,
        cost,
        expiresAt: Math.ceil((clock.now().getTime() + lifetimeMs) / 1_000),
        keyLength: 32 as const,
        nonce: randomBytes(16).toString('hex'),
        salt: randomBytes(16).toString('hex'),
      }
      const key = await keyOf(given, counterFor(seconds))
      const parameters = inOrder({ ...given, keyPrefix: key.slice(0, 32) })
      return { parameters, signature: sign(parameters, solver) }
    },

    async spend(proof, { solver, use }) {
      if (proof === undefined) throw refused('missing')
      const solved = solvedOf(proof)
      const expires_at = (await check(solved, solver)).getTime()
      const challenge = solved.challenge.parameters.nonce
      const used_for = createHmac('sha256', keys[0]).update(`${solver} ${use}`).digest('hex')
      if (!(await store.proofs.spend({ challenge, used_for, expires_at }))) throw refused('used')
    },
  }
}

/** Between half and one and a half times what is wanted: nobody is so unlucky as to wait for a minute. */
function counterFor(seconds: number): number {
  const tries = Math.max(1, Math.round((iterationsASecond * seconds) / cost))
  return randomInt(Math.floor(tries / 2), Math.ceil(tries * 1.5) + 1)
}

/** Outside the event loop. @returns hex */
async function keyOf({ cost, keyLength, nonce, salt }: Omit<ChallengeParameters, 'keyPrefix'>, counter: number) {
  const password = Buffer.alloc(20)
  password.write(nonce, 'hex')
  password.writeUInt32BE(counter, 16)
  return (await derive(password, Buffer.from(salt, 'hex'), cost, keyLength, 'sha256')).toString('hex')
}

/** By name, as ALTCHA has them. */
function inOrder(parameters: ChallengeParameters): ChallengeParameters {
  const { algorithm, cost, expiresAt, keyLength, keyPrefix, nonce, salt } = parameters
  return { algorithm, cost, expiresAt, keyLength, keyPrefix, nonce, salt }
}

function solvedOf(proof: string): Solved {
  try {
    return Solved.parse(JSON.parse(Buffer.from(proof, 'base64').toString()))
  } catch {
    throw refused('malformed')
  }
}

function refused(code: 'missing' | 'malformed' | 'wrong' | 'expired' | 'used'): Refusal {
  return new Refusal('invalid', { errors: [{ path: 'proof', code }] })
}
