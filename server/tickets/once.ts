/**
 * `Idempotency-Key`, after the IETF draft: one key, one effect, one answer. The record commits together with what it
 * stands for, so that no crash can part the two.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { Refusal } from '../problem.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'

/** How long a first answer is kept to be given again. */
export const keptForDays = 7

export interface OnceRequest {
  player: PlayerKey
  /** Route and path: the same key on another ticket is another request. */
  route: string
  key: string
  body: unknown
}

export interface OnceParts {
  store: Store
  clock: Clock
}

export interface OnceResult<T> {
  answer: T
  /** False when the answer is an earlier one given again. */
  isFirst: boolean
}

export type Once = <T>(request: OnceRequest, act: (ledger: Ledger) => Promise<T>) => Promise<OnceResult<T>>

/** Another relay committed the same key between our look and our write. */
class KeyTaken extends Error {}

export function createOnce({ store, clock }: OnceParts): Once {
  const underWay = new Set<string>()

  function attempt<T>(request: OnceRequest, act: (ledger: Ledger) => Promise<T>): Promise<OnceResult<T>> {
    const fingerprint = fingerprintOf(request.body)
    return store.transaction(async (ledger) => {
      const known = await ledger.idempotency.find(request.player, request.route, request.key)
      if (known && known.fingerprint !== fingerprint) throw new Refusal('idempotency_key_reused')
      if (known) return { answer: JSON.parse(known.answer), isFirst: false }
      const answer = await act(ledger)
      const { player, route, key } = request
      const record = {
        player,
        route,
        key,
        fingerprint,
        answer: JSON.stringify(answer),
        created_at: clock.now().getTime(),
      }
      if (!(await ledger.idempotency.add(record))) throw new KeyTaken()
      return { answer, isFirst: true }
    })
  }

  return async (request, act) => {
    const name = `${request.player} ${request.route} ${request.key}`
    if (underWay.has(name)) throw new Refusal('idempotency_key_in_use', { retryAfterSeconds: 1 })
    underWay.add(name)
    try {
      return await attempt(request, act)
    } catch (error) {
      if (error instanceof KeyTaken) return await attempt(request, act)
      throw error
    } finally {
      underWay.delete(name)
    }
  }
}

/** The same for two bodies that say the same, whatever the order of their keys. */
function fingerprintOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body, sortKeys)).digest('base64url')
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
