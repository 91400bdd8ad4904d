/**
 * `Idempotency-Key`, after the IETF draft: one key, one effect, one answer. The record commits together with what it
 * stands for, so that no crash can part the two.
 */
import { hash } from 'node:crypto'
import type { TicketId } from '../contract/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refusal } from '../runtime/refusal.ts'
import type { Ledger, Store } from '../store/store.ts'
import type { PlayerKey } from '../store/tables.ts'

/** How long a first answer is kept to be given again. */
export const keptForDays = 7

export interface IdempotentRequest {
  player: PlayerKey
  /** Route and path: the same key on another ticket is another request. */
  route: string
  key: string
  body: unknown
  /** The ticket that it writes to, if there is one already. */
  ticket?: TicketId
}

/** What a request will do, decided but not yet done. */
export interface Prepared<T> {
  answer: T
  write: () => Promise<void>
}

export interface IdempotentResult<T> {
  answer: T
  /** False when the answer is an earlier one given again. */
  isFirst: boolean
}

export type Idempotency = <T>(
  request: IdempotentRequest,
  prepare: (ledger: Ledger) => Promise<Prepared<T>>,
) => Promise<IdempotentResult<T>>

/** @throws Refusal `idempotency_key_in_use`, `idempotency_key_reused`, or what `prepare` refuses */
export function createIdempotency({ store, clock }: { store: Store; clock: Clock }): Idempotency {
  const underWay = new Set<string>()

  function act<T>(
    request: IdempotentRequest,
    prepare: (ledger: Ledger) => Promise<Prepared<T>>,
  ): Promise<IdempotentResult<T>> {
    const { player, route, key } = request
    const fingerprint = fingerprintOf(request.body)
    return store.transaction(async (ledger) => {
      if (await ledger.idempotency.isErased(player, route, key)) throw new Refusal('idempotency_key_reused')
      const earlier = () => findEarlier<T>(ledger, request, fingerprint)
      const prepared = await prepare(ledger).catch(async (refusal: unknown) => {
        // The ticket may have been closed since; what was answered then still holds.
        const answer = await earlier()
        if (answer === undefined) throw refusal
        return undefined
      })
      const answer = JSON.stringify(prepared?.answer)
      const record = { player, route, key, fingerprint, answer, created_at: clock.now().getTime() }
      // The record goes first: whoever comes second, on any relay, waits here for the first to commit.
      if (prepared && (await ledger.idempotency.add(record))) {
        await prepared.write()
        return { answer: prepared.answer, isFirst: true }
      }
      return { answer: (await earlier()) as T, isFirst: false }
    }, request.ticket)
  }

  return async (request, prepare) => {
    const name = `${request.player} ${request.route} ${request.key}`
    if (underWay.has(name)) throw new Refusal('idempotency_key_in_use', { retryAfterSeconds: 1 })
    underWay.add(name)
    try {
      return await act(request, prepare)
    } finally {
      underWay.delete(name)
    }
  }
}

async function findEarlier<T>(ledger: Ledger, request: IdempotentRequest, fingerprint: string): Promise<T | undefined> {
  const known = await ledger.idempotency.find(request.player, request.route, request.key)
  if (known && known.fingerprint !== fingerprint) throw new Refusal('idempotency_key_reused')
  return known && JSON.parse(known.answer)
}

/** The same for two bodies that say the same, whatever the order of their keys. */
function fingerprintOf(body: unknown): string {
  return hash('sha256', JSON.stringify(sorted(body)), 'base64url')
}

/** With every object's keys in one order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
